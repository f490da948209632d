"""The door: registration by address, operators, health, rosters, more kinds of activities"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def _check_values(table: str, name: str, column: str, *values: str) -> None:
    """Hold a column of an enumeration to these values from now on."""
    listed = ", ".join(f"'{value}'" for value in values)
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, f"{column} in ({listed})")


def upgrade() -> None:
    _registrations()
    _operators()
    _places()
    _activities()


def _registrations() -> None:
    op.add_column(
        "institutions", sa.Column("is_active", sa.Boolean(), nullable=False, server_default="true")
    )
    op.alter_column("institutions", "is_active", server_default=None)
    op.drop_constraint("fk_registrations_platform_id_issuer", "registrations", type_="foreignkey")
    op.create_foreign_key(
        op.f("fk_registrations_platform_id_issuer"),
        "registrations",
        "platforms",
        ["platform_id", "issuer"],
        ["platform_id", "issuer"],
        onupdate="CASCADE",
    )
    op.add_column("registrations", sa.Column("name", sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "registrations",
        sa.Column(
            "source",
            sa.Enum(
                "by_hand",
                "dynamic",
                name="registrationsource",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
            server_default="by_hand",
        ),
    )
    for column in ("name", "source"):
        op.alter_column("registrations", column, server_default=None)
    op.create_table(
        "registration_health",
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "launch",
                "token",
                "score",
                name="healthkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("last_good_at", MOMENT, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("last_fault", sa.String(32), nullable=True),
        sa.Column("last_error_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registrations.registration_id"],
            name=op.f("fk_registration_health_registration_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("registration_id", "kind", name=op.f("pk_registration_health")),
    )
    op.create_table(
        "invitations",
        sa.Column("invitation_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("taken_until", MOMENT, nullable=True),
        sa.Column("spent_at", MOMENT, nullable=True),
        sa.Column("registration_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institutions.institution_id"],
            name=op.f("fk_invitations_institution_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registrations.registration_id"],
            name=op.f("fk_invitations_registration_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("invitation_id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_invitations_code_hash")),
    )
    for column in ("institution_id", "registration_id"):
        op.create_index(op.f(f"ix_invitations_{column}"), "invitations", [column])


def _operators() -> None:
    for table, more in (
        ("operator_links", sa.Column("spent_at", MOMENT, nullable=True)),
        ("operator_sessions", sa.Column("last_seen_at", MOMENT, nullable=False)),
    ):
        op.create_table(
            table,
            sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
            sa.Column("operator_id", sa.Uuid(), nullable=False),
            sa.Column("created_at", MOMENT, nullable=False),
            more,
            sa.Column("expires_at", MOMENT, nullable=False),
            sa.ForeignKeyConstraint(
                ["operator_id"],
                ["operators.operator_id"],
                name=op.f(f"fk_{table}_operator_id"),
                ondelete="CASCADE",
            ),
            sa.PrimaryKeyConstraint("secret_hash", name=op.f(f"pk_{table}")),
        )
        op.create_index(op.f(f"ix_{table}_operator_id"), table, ["operator_id"])


def _places() -> None:
    # In this order: a table that is kept may not point to one that a crash empties.
    for table in ("pending_launches", "launch_states"):
        op.execute(f"alter table {table} set unlogged")
    op.add_column("launch_states", sa.Column("storage_target", sa.String(255), nullable=True))
    op.add_column("resource_links", sa.Column("named_activity_id", sa.Uuid(), nullable=True))
    op.add_column("lti_contexts", sa.Column("ancestors", postgresql.JSONB(), nullable=True))
    op.add_column("lti_contexts", sa.Column("roster_tried_at", MOMENT, nullable=True))
    op.add_column("lti_contexts", sa.Column("roster_read_at", MOMENT, nullable=True))
    op.add_column("lti_contexts", sa.Column("roster_error", sa.Text(), nullable=True))
    op.add_column(
        "line_items", sa.Column("is_ours", sa.Boolean(), nullable=False, server_default="false")
    )
    op.alter_column("line_items", "is_ours", server_default=None)
    op.add_column("line_items", sa.Column("results_read_at", MOMENT, nullable=True))
    op.add_column("score_outbox", sa.Column("rediscovered_at", MOMENT, nullable=True))
    op.add_column("score_outbox", sa.Column("submitted_at", MOMENT, nullable=True))
    op.execute("update score_outbox set submitted_at = sent_at where is_complete")
    op.add_column("resource_links", sa.Column("column_sought_at", MOMENT, nullable=True))
    op.add_column("resource_links", sa.Column("column_error", sa.Text(), nullable=True))
    op.add_column("sessions", sa.Column("launch_facts", postgresql.JSONB(), nullable=True))
    op.add_column("sessions", sa.Column("reviewed_user_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_sessions_reviewed_user_id"),
        "sessions",
        "users",
        ["reviewed_user_id"],
        ["user_id"],
        ondelete="SET NULL",
    )
    op.create_index(op.f("ix_sessions_reviewed_user_id"), "sessions", ["reviewed_user_id"])


def _activities() -> None:
    _check_values("activities", "activitykind", "kind", "tutor", "practice", "material")
    _check_values("activities", "scorepolicy", "score_policy", "best", "last", "average", "mastery")
    op.add_column("activities", sa.Column("material_id", sa.Uuid(), nullable=True))
    op.add_column("activities", sa.Column("page", sa.Integer(), nullable=True))
    op.add_column("activities", sa.Column("due_at", MOMENT, nullable=True))
    op.add_column("activities", sa.Column("copied_from_id", sa.Uuid(), nullable=True))
    for column, other, ondelete in (
        ("material_id", "course_materials.material_id", "CASCADE"),
        ("copied_from_id", "activities.activity_id", "SET NULL"),
    ):
        table, key = other.split(".")
        op.create_foreign_key(
            op.f(f"fk_activities_{column}"),
            "activities",
            table,
            [column],
            [key],
            ondelete=ondelete,
        )
        op.create_index(op.f(f"ix_activities_{column}"), "activities", [column])
    op.create_check_constraint(
        op.f("ck_activities_material_has_material"),
        "activities",
        "kind <> 'material' or material_id is not null",
    )
    op.create_check_constraint(op.f("ck_activities_page_is_positive"), "activities", "page > 0")
    _activity_concepts()


def _activity_concepts() -> None:
    op.create_table(
        "activity_concepts",
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("concept_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["activities.activity_id"],
            name=op.f("fk_activity_concepts_activity_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["concept_id"],
            ["concepts.concept_id"],
            name=op.f("fk_activity_concepts_concept_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("activity_id", "concept_id", name=op.f("pk_activity_concepts")),
    )
    op.create_index(op.f("ix_activity_concepts_concept_id"), "activity_concepts", ["concept_id"])
    op.execute("""
        insert into activity_concepts (activity_id, concept_id)
        select activity_id, concept_id from activities where concept_id is not null
    """)
    op.drop_constraint(op.f("ck_activities_practice_has_concept"), "activities", type_="check")
    op.drop_column("activities", "concept_id")


def downgrade() -> None:
    """Activities and policies that the older house does not know are let go or made the nearest."""
    op.execute("delete from activities where kind = 'material'")
    op.execute(
        "update activities set score_policy = 'best' where score_policy in ('average', 'mastery')"
    )
    _one_concept_again()
    for name in ("page_is_positive", "material_has_material"):
        op.drop_constraint(op.f(f"ck_activities_{name}"), "activities", type_="check")
    for column in ("copied_from_id", "due_at", "page", "material_id"):
        op.drop_column("activities", column)
    _check_values("activities", "scorepolicy", "score_policy", "best", "last")
    _check_values("activities", "activitykind", "kind", "tutor", "practice")
    for table, columns in (
        ("sessions", ("reviewed_user_id", "launch_facts")),
        ("score_outbox", ("submitted_at", "rediscovered_at")),
        ("resource_links", ("column_error", "column_sought_at")),
        ("line_items", ("results_read_at", "is_ours")),
        ("resource_links", ("named_activity_id",)),
        ("lti_contexts", ("roster_error", "roster_read_at", "roster_tried_at", "ancestors")),
        ("launch_states", ("storage_target",)),
    ):
        for column in columns:
            op.drop_column(table, column)
    for table in ("launch_states", "pending_launches"):
        op.execute(f"alter table {table} set logged")
    for table in ("operator_sessions", "operator_links", "invitations", "registration_health"):
        op.drop_table(table)
    for column in ("source", "name"):
        op.drop_column("registrations", column)
    op.drop_constraint("fk_registrations_platform_id_issuer", "registrations", type_="foreignkey")
    op.create_foreign_key(
        op.f("fk_registrations_platform_id_issuer"),
        "registrations",
        "platforms",
        ["platform_id", "issuer"],
        ["platform_id", "issuer"],
    )
    op.drop_column("institutions", "is_active")


def _one_concept_again() -> None:
    """A set keeps one of its concepts, the first by name; one that has none is let go."""
    op.add_column("activities", sa.Column("concept_id", sa.Uuid(), nullable=True))
    op.execute("""
        update activities set concept_id = (
            select concept_id from activity_concepts join concepts using (concept_id)
            where activity_concepts.activity_id = activities.activity_id
            order by lower(name), concept_id limit 1
        )
    """)
    op.execute("delete from activities where kind = 'practice' and concept_id is null")
    op.create_foreign_key(
        op.f("fk_activities_concept_id"),
        "activities",
        "concepts",
        ["concept_id"],
        ["concept_id"],
        ondelete="CASCADE",
    )
    op.create_index(op.f("ix_activities_concept_id"), "activities", ["concept_id"])
    op.create_check_constraint(
        op.f("ck_activities_practice_has_concept"),
        "activities",
        "kind <> 'practice' or concept_id is not null",
    )
    op.drop_table("activity_concepts")
