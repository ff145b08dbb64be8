"""`client.llm`: projects of conversations."""

from collections.abc import Sequence
from typing import TypedDict, Unpack

from kili_query.client.keyword_arguments import takes_arguments
from kili_query.client.namespaces.namespace import Namespace, Rows
from kili_query.client.progress import is_bar_disabled
from kili_query.extras import load


class ConversationArguments(TypedDict, total=False):
    """The filters of `KiliClient.llm.export`, which are those of `KiliClient.export_labels`.

    Attributes:
        status_in: only assets in one of these states.
        step_name_in, step_id_in, step_status_in, group_name_in, group_name_not_in: only assets in these steps of the
            workflow.
    """

    status_in: Sequence[str] | None
    step_name_in: Sequence[str] | None
    step_id_in: Sequence[str] | None
    step_status_in: Sequence[str] | None
    group_name_in: Sequence[str] | None
    group_name_not_in: Sequence[str] | None


class LlmMethods(Namespace):
    """`KiliClient.llm`: projects of conversations."""

    @takes_arguments(ConversationArguments, called="KiliClient.llm.export")
    def export(
        self,
        project_id: str,
        disable_tqdm: bool | None = None,
        asset_ids: Sequence[str] | None = None,
        external_ids: Sequence[str] | None = None,
        include_sent_back_labels: bool = False,
        label_type_in: Sequence[str] | None = None,
        **filters: Unpack[ConversationArguments],
    ) -> Rows:
        """Return the labels of conversations, with the messages that they are about.

        Args:
            project_id: the project, of type ``LLM_RLHF``, ``LLM_STATIC`` or ``LLM_INSTR_FOLLOWING``.
            disable_tqdm: hide the progress bar.
            asset_ids: only these assets.
            external_ids: only the assets with these external ids, instead of ``asset_ids``.
            include_sent_back_labels: whether to export labels that were sent back to the queue.
            label_type_in: only labels of these types; by default ``DEFAULT`` and ``REVIEW``.
            **filters: only these assets; see `ConversationArguments`.

        Returns:
            A dict for each asset that has such a label. In an ``LLM_RLHF`` project it is the row of the format
            ``llm_rlhf``, with all labels. In others it has ``chatItems``, ``externalId``, ``label``, ``labeler`` and
            ``metadata``, of the last label; ``label`` holds the answers under ``completion``, ``round`` and
            ``conversation``, beside the message or the number of the round that they are about.

        Raises:
            ArgumentError: an argument cannot be used; nothing was sent.
            NotCompatibleInputType: the project has no conversations.
            NotFound: the project does not exist, or has no asset with one of the external ids.
            ServiceError: the service refused the call, or cannot be reached.
            LabelError: a label cannot be read, or an answer belongs to no message.
            DataError: the interface has a job of an unknown level.
            NotExportableAssetError, DownloadError: the conversation of an asset cannot be had.

        Warns:
            UserWarning: answers to jobs that the interface does not have were left out.
        """
        conversations = load("kili_query.client.conversations", "`llm.export`", "export")
        client = self._own()
        wanted = conversations.WantedAssets(
            project_id=project_id, asset_ids=asset_ids, external_ids=external_ids, filters=filters
        )
        rows: Rows = conversations.export_conversations(
            client._context,
            client._settings,
            wanted,
            label_type_in=label_type_in,
            include_sent_back_labels=include_sent_back_labels,
            disable_tqdm=is_bar_disabled(disable_tqdm, client._settings.disable_tqdm),
        )
        return rows
