"""The steps from a prompt to a request, and the connection of the controller that offers a summary in between.

Like `wiring`, it knows several units; it is loaded when one of them is first needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui.chat_screen.context import ChatContext, TranscriptPort
from tui.chat_screen.controllers.branches import BranchController
from tui.chat_screen.controllers.budget import BudgetGuard
from tui.chat_screen.controllers.compaction import CompactionController, CompactionPorts
from tui.chat_screen.controllers.costs import CostController
from tui.chat_screen.controllers.generation import GenerationSettings
from tui.chat_screen.controllers.sessions import SessionManager
from tui.chat_screen.dialogs import Dialogs
from tui.chat_screen.pipeline import QueueWhileRunning, RefuseKey, Send, Step, Submission, WaitUntilReady
from tui.chat_screen.presenter import Presenter


def steps_of(
    context: ChatContext,
    sessions: SessionManager,
    presenter: Presenter,
    compaction: CompactionController,
    budget: BudgetGuard,
    branches: BranchController,
    generation: GenerationSettings,
) -> Sequence[Step]:
    """Return the steps of the pipeline, in order."""
    queue_while_running = QueueWhileRunning(presenter.queued)
    return (
        WaitUntilReady(lambda: sessions.is_ready, sessions.when_ready, context.current),
        RefuseKey(lambda: context.provider.obstacle is None, context.notify),
        queue_while_running,
        compaction.keep_what_exceeds,
        budget,
        queue_while_running,  # again: while a request was checked, another one may have been sent
        branches.branch_from_edit,
        generation.record_model,
        compaction.send,
        Send(presenter.sent),
    )


def compaction_of(
    context: ChatContext,
    sessions: SessionManager,
    presenter: Presenter,
    costs: CostController,
    transcript: TranscriptPort,
    dialogs: Callable[[], Dialogs],
    submit: Callable[[Submission], None],
) -> CompactionController:
    """Return the controller of summaries, connected with the others."""
    ports = CompactionPorts(
        transcript=transcript,
        coming=costs.coming,
        ask=lambda title, text: dialogs().ask(title, text, yes="go on from a summary", no="cancel"),
        submit=submit,
        give_back=presenter.give_back,
        show_queue=presenter.show_queue,
        read_branch=sessions.read_branch,
    )
    return CompactionController(context, ports)
