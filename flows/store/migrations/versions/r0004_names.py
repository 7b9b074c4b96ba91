"""A school may run two programmes in one year: each has a name, empty where there is one alone."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0002"

_UNNAMED = {"uq": "uq_%(table_name)s_%(column_0_name)s"}  # SQLite keeps no name of the first constraint


def upgrade() -> None:
    """Add the name and let it tell programmes of one year apart."""
    name = sa.Column("name", sa.String(), nullable=False, server_default="")
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("programme", name)
        op.drop_constraint("programme_school_year_key", "programme")
        op.create_unique_constraint("programme_place", "programme", ["school", "year", "name"])
        return
    with op.batch_alter_table("programme", naming_convention=_UNNAMED) as table:
        table.add_column(name)
        table.drop_constraint("uq_programme_school", type_="unique")
        table.create_unique_constraint("programme_place", ["school", "year", "name"])


def downgrade() -> None:
    """Only where no school has two programmes in a year: the older form cannot tell them apart."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("programme_place", "programme")
        op.drop_column("programme", "name")
        op.create_unique_constraint("programme_school_year_key", "programme", ["school", "year"])
        return
    with op.batch_alter_table("programme") as table:
        table.drop_constraint("programme_place", type_="unique")
        table.drop_column("name")
        table.create_unique_constraint("uq_programme_school", ["school", "year"])
