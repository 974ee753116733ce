"""${message}

Zero downtime: add columns as nullable or with a constant default, create indexes CONCURRENTLY on big tables,
drop a column only in the release after the code stopped using it.
"""

from __future__ import annotations

from alembic import op
import sqlalchemy as sa

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
