"""The chat screen: sessions, the pipeline to a request, the dispatcher of events, and one controller per concern."""
