"""Each notification in one folder, the inbox counted by drawer, every list in the order of an index, words to search."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_NEWEST_FIRST: tuple[sa.ColumnClause[object], ...] = (sa.literal_column("listed_at DESC"), sa.literal_column("id DESC"))
_IN_THE_INBOX = sa.text("published_at IS NOT NULL")
_UNREAD = sa.text("published_at IS NOT NULL AND read_at IS NULL")
_FOLDER = (
    "CASE WHEN published_at IS NULL THEN 'outside' WHEN archived_at IS NOT NULL THEN 'archive'"
    " WHEN snoozed_until IS NOT NULL THEN 'snoozed' ELSE 'inbox' END"
)
_COUNT = """
    INSERT INTO inboxes (user_id, drawers, unread_count)
    SELECT user_id, jsonb_object_agg(notification_type || CASE WHEN is_read THEN '/read' ELSE '/unread' END, entries),
        coalesce(sum(entries) FILTER (WHERE NOT is_read), 0)
    FROM (
        SELECT user_id, notification_type, is_read, count(*) AS entries
        FROM notifications WHERE folder = 'inbox' GROUP BY user_id, notification_type, is_read
    ) AS drawers
    GROUP BY user_id
    ON CONFLICT (user_id) DO UPDATE SET drawers = excluded.drawers, unread_count = excluded.unread_count
"""
_DRAWERS_AFTER = """
    CREATE FUNCTION drawers_after(drawers jsonb, moves jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
        SELECT coalesce(jsonb_object_agg(drawer, entries), '{}') FROM (
            SELECT drawer, sum(cast(entries AS int)) AS entries
            FROM (SELECT * FROM jsonb_each_text(drawers) UNION ALL SELECT * FROM jsonb_each_text(moves))
                AS both_sides (drawer, entries)
            GROUP BY drawer
        ) AS summed
    $$
"""
_KEEP_WORDS = """
    CREATE FUNCTION keep_notification_words() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO notification_words (notification_id, user_id, folder, words)
        SELECT NEW.id, NEW.user_id, NEW.folder, lower(NEW.title || chr(31) || NEW.message)
        FROM inboxes WHERE user_id = NEW.user_id AND inboxes.words <> 'none'
        ON CONFLICT (notification_id) DO UPDATE SET folder = excluded.folder, words = excluded.words;
        RETURN NULL;
    END
    $$
"""
_WHENEVER_WORDS_OR_FOLDERS_CHANGE = """
    CREATE TRIGGER keep_notification_words
    AFTER INSERT OR UPDATE OF title, message, published_at, archived_at, snoozed_until ON notifications
    FOR EACH ROW WHEN (NEW.folder <> 'outside') EXECUTE FUNCTION keep_notification_words()
"""


def upgrade() -> None:
    op.add_column("notifications", sa.Column("folder", sa.Text(), sa.Computed(_FOLDER, persisted=True), nullable=False))
    op.add_column(
        "notifications",
        sa.Column("is_read", sa.Boolean(), sa.Computed("read_at IS NOT NULL", persisted=True), nullable=False),
    )
    op.create_check_constraint("one_folder", "notifications", "archived_at IS NULL OR snoozed_until IS NULL")
    for old in ("inbox", "unread", "user_all"):
        op.drop_index(f"ix_notifications_{old}", "notifications")
    op.create_index("ix_notifications_folder", "notifications", ["user_id", "folder", *_NEWEST_FIRST])
    op.create_index(
        "ix_notifications_drawer",
        "notifications",
        ["user_id", "folder", "notification_type", "is_read", *_NEWEST_FIRST],
    )
    op.create_index(
        "ix_notifications_group",
        "notifications",
        ["user_id", "folder", "group_key", *_NEWEST_FIRST],
        postgresql_where=sa.text("group_key IS NOT NULL"),
    )
    op.create_index(
        "ix_notifications_grouped",
        "notifications",
        ["user_id", "folder", *_NEWEST_FIRST],
        postgresql_include=["group_key"],
        postgresql_where=sa.text("group_key IS NOT NULL"),
    )
    op.create_index(
        "ix_notifications_related",
        "notifications",
        ["user_id", "folder", "related_object_type", "related_object_id", *_NEWEST_FIRST],
        postgresql_where=sa.text("related_object_id IS NOT NULL"),
    )
    op.create_index(
        "ix_notifications_unsettled",
        "notifications",
        ["user_id", "folder", "status", *_NEWEST_FIRST],
        postgresql_where=sa.text("status <> 'sent'"),
    )
    op.create_index(
        "ix_notifications_unseen",
        "notifications",
        ["user_id"],
        postgresql_where=sa.text("folder = 'inbox' AND seen_at IS NULL"),
    )
    op.add_column(
        "inboxes",
        sa.Column("drawers", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("inboxes", sa.Column("words", sa.Text(), server_default="none", nullable=False))
    op.create_check_constraint("words", "inboxes", "words IN ('none', 'growing', 'complete')")
    op.execute(_COUNT)
    op.execute(_DRAWERS_AFTER)
    op.create_check_constraint("drawers", "inboxes", "NOT jsonb_path_exists(drawers, '$.* ? (@ < 0)')")
    _create_words()


def _create_words() -> None:
    # Both are trusted extensions: the owner of the database may create them.
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gin")
    op.create_table(
        "notification_words",
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["notification_id"],
            ["notifications.id"],
            name=op.f("fk_notification_words_notification_id_notifications"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("notification_id", name=op.f("pk_notification_words")),
        postgresql_with={"fillfactor": "90"},
    )
    op.create_index(
        "ix_notification_words",
        "notification_words",
        ["user_id", "words"],
        postgresql_using="gin",
        postgresql_ops={"words": "gin_trgm_ops"},
        postgresql_with={"gin_pending_list_limit": "512"},
    )
    op.execute(_KEEP_WORDS)
    op.execute(_WHENEVER_WORDS_OR_FOLDERS_CHANGE)


def downgrade() -> None:
    op.execute("DROP TRIGGER keep_notification_words ON notifications")
    op.execute("DROP FUNCTION keep_notification_words")
    op.drop_table("notification_words")
    op.execute("DROP FUNCTION drawers_after")
    op.drop_constraint(op.f("ck_inboxes_drawers"), "inboxes")
    op.drop_constraint(op.f("ck_inboxes_words"), "inboxes")
    op.drop_column("inboxes", "words")
    op.drop_column("inboxes", "drawers")
    for new in ("unseen", "unsettled", "related", "grouped", "group", "drawer", "folder"):
        op.drop_index(f"ix_notifications_{new}", "notifications")
    op.drop_constraint(op.f("ck_notifications_one_folder"), "notifications")
    op.drop_column("notifications", "is_read")
    op.drop_column("notifications", "folder")
    op.create_index(
        "ix_notifications_inbox", "notifications", ["user_id", *_NEWEST_FIRST], postgresql_where=_IN_THE_INBOX
    )
    op.create_index("ix_notifications_unread", "notifications", ["user_id", *_NEWEST_FIRST], postgresql_where=_UNREAD)
    op.create_index("ix_notifications_user_all", "notifications", ["user_id", *_NEWEST_FIRST])
