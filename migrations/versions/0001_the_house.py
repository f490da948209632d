"""The house: all tables and the job queue"""

import pgvector.sqlalchemy
import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

DROP_QUEUE = """
do $$ declare thing record; begin
  for thing in select p.oid::regprocedure as name from pg_proc p
      join pg_namespace n on n.oid = p.pronamespace
      where p.proname like 'procrastinate%' and n.nspname = current_schema() loop
    execute 'drop function ' || thing.name || ' cascade';
  end loop;
  drop table procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs,
    procrastinate_workers cascade;
  drop type procrastinate_job_status, procrastinate_job_event_type, procrastinate_job_to_defer_v1;
end $$
"""


def _run_script(script: str) -> None:
    """Run a script of many statements as it stands: no parameters, so % and : are plain text."""
    op.get_bind().connection.driver_connection.execute(script)


def upgrade() -> None:
    op.execute("create extension if not exists vector")
    _run_script(SchemaManager.get_schema())
    op.create_table(
        "budgets",
        sa.Column("budget_id", sa.Uuid(), nullable=False),
        sa.Column(
            "scope",
            sa.Enum(
                "student",
                "course",
                "institution",
                name="budgetscope",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("scope_id", sa.Uuid(), nullable=False),
        sa.Column("tokens_per_day", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("tokens_per_day >= 0", name=op.f("ck_budgets_tokens_are_natural")),
        sa.PrimaryKeyConstraint("budget_id", name=op.f("pk_budgets")),
        sa.UniqueConstraint("scope", "scope_id", name=op.f("uq_budgets_scope_scope_id")),
    )
    op.create_table(
        "cached_key_sets",
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("keys", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("url", name=op.f("pk_cached_key_sets")),
    )
    op.create_table(
        "institutions",
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("institution_id", name=op.f("pk_institutions")),
    )
    op.create_table(
        "operators",
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("operator_id", name=op.f("pk_operators")),
        sa.UniqueConstraint("name", name=op.f("uq_operators_name")),
    )
    op.create_table(
        "platforms",
        sa.Column("platform_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("jwks_url", sa.String(length=2000), nullable=False),
        sa.Column("product_family", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("platform_id", name=op.f("pk_platforms")),
        sa.UniqueConstraint("issuer", "jwks_url", name=op.f("uq_platforms_issuer_jwks_url")),
        sa.UniqueConstraint("platform_id", "issuer", name=op.f("uq_platforms_platform_id_issuer")),
    )
    op.create_table(
        "rate_counters",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "window_start", name=op.f("pk_rate_counters")),
    )
    op.create_table(
        "tool_keys",
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=False),
        sa.Column("public_jwk", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signs_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_tool_keys")),
    )
    op.create_table(
        "users",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("sso_id", sa.String(length=255), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "student",
                "teacher",
                "admin",
                name="userrole",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("first_name", sa.String(length=100), nullable=False),
        sa.Column("last_name", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_login", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_users")),
        sa.UniqueConstraint("sso_id", name=op.f("uq_users_sso_id")),
    )
    op.create_index(op.f("ix_users_email"), "users", ["email"], unique=True)
    op.create_index(op.f("ix_users_role"), "users", ["role"], unique=False)
    op.create_table(
        "courses",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("course_code", sa.String(length=20), nullable=False),
        sa.Column("course_name", sa.String(length=200), nullable=False),
        sa.Column("semester", sa.String(length=20), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("instructor_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("search_config", sa.String(length=32), nullable=False),
        sa.Column("member_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["instructor_id"],
            ["users.user_id"],
            name=op.f("fk_courses_instructor_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("course_id", name=op.f("pk_courses")),
    )
    op.create_index(op.f("ix_courses_instructor_id"), "courses", ["instructor_id"], unique=False)
    op.create_index(op.f("ix_courses_semester"), "courses", ["semester"], unique=False)
    op.create_table(
        "lti_identities",
        sa.Column("platform_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["platform_id"],
            ["platforms.platform_id"],
            name=op.f("fk_lti_identities_platform_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.user_id"],
            name=op.f("fk_lti_identities_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("platform_id", "subject", name=op.f("pk_lti_identities")),
    )
    op.create_index(op.f("ix_lti_identities_user_id"), "lti_identities", ["user_id"], unique=False)
    op.create_table(
        "registrations",
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("platform_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("client_id", sa.String(length=255), nullable=False),
        sa.Column("auth_url", sa.String(length=2000), nullable=False),
        sa.Column("token_url", sa.String(length=2000), nullable=False),
        sa.Column("auth_audience", sa.String(length=2000), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "active",
                "disabled",
                name="registrationstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("adopts_first_deployment", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["platform_id", "issuer"],
            ["platforms.platform_id", "platforms.issuer"],
            name=op.f("fk_registrations_platform_id_issuer"),
        ),
        sa.PrimaryKeyConstraint("registration_id", name=op.f("pk_registrations")),
        sa.UniqueConstraint("issuer", "client_id", name=op.f("uq_registrations_issuer_client_id")),
    )
    op.create_index(
        op.f("ix_registrations_platform_id"), "registrations", ["platform_id"], unique=False
    )
    op.create_table(
        "audit_events",
        sa.Column("event_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("operator_name", sa.String(length=100), nullable=True),
        sa.Column("course_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(length=100), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(
            ["actor_id"],
            ["users.user_id"],
            name=op.f("fk_audit_events_actor_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["courses.course_id"],
            name=op.f("fk_audit_events_course_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_audit_events")),
    )
    op.create_index(op.f("ix_audit_events_actor_id"), "audit_events", ["actor_id"], unique=False)
    op.create_index(
        "ix_audit_events_course_id_at", "audit_events", ["course_id", "at"], unique=False
    )
    op.create_table(
        "class_analytics",
        sa.Column("analytics_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("total_students", sa.Integer(), nullable=False),
        sa.Column("active_students", sa.Integer(), nullable=False),
        sa.Column("avg_questions_per_student", sa.Numeric(), nullable=True),
        sa.Column("avg_time_spent_minutes", sa.Numeric(), nullable=True),
        sa.Column("most_discussed_concepts", postgresql.ARRAY(sa.String()), nullable=True),
        sa.Column("struggling_concepts", postgresql.ARRAY(sa.String()), nullable=True),
        sa.Column("engagement_score", sa.Numeric(), nullable=True),
        sa.Column("calculated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["courses.course_id"],
            name=op.f("fk_class_analytics_course_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("analytics_id", name=op.f("pk_class_analytics")),
        sa.UniqueConstraint("course_id", "date", name=op.f("uq_class_analytics_course_id_date")),
    )
    op.create_index(
        op.f("ix_class_analytics_course_id"), "class_analytics", ["course_id"], unique=False
    )
    op.create_index(op.f("ix_class_analytics_date"), "class_analytics", ["date"], unique=False)
    op.create_table(
        "concepts",
        sa.Column("concept_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column(
            "difficulty_level",
            sa.Enum(
                "beginner",
                "intermediate",
                "advanced",
                "expert",
                name="difficultylevel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("estimated_hours", sa.Numeric(), nullable=True),
        sa.Column("keywords", postgresql.ARRAY(sa.String()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["courses.course_id"],
            name=op.f("fk_concepts_course_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("concept_id", name=op.f("pk_concepts")),
        sa.UniqueConstraint("course_id", "name", name=op.f("uq_concepts_course_id_name")),
    )
    op.create_index(op.f("ix_concepts_course_id"), "concepts", ["course_id"], unique=False)
    op.create_index(
        op.f("ix_concepts_difficulty_level"), "concepts", ["difficulty_level"], unique=False
    )
    op.create_table(
        "conversations",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message_count", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "message_count >= 0", name=op.f("ck_conversations_message_count_is_natural")
        ),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["courses.course_id"],
            name=op.f("fk_conversations_course_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["student_id"],
            ["users.user_id"],
            name=op.f("fk_conversations_student_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_conversations")),
    )
    op.create_index(
        op.f("ix_conversations_course_id"), "conversations", ["course_id"], unique=False
    )
    op.create_index(
        op.f("ix_conversations_started_at"), "conversations", ["started_at"], unique=False
    )
    op.create_index(
        op.f("ix_conversations_student_id"), "conversations", ["student_id"], unique=False
    )
    op.create_table(
        "course_materials",
        sa.Column("material_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("uploader_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column(
            "file_type",
            sa.Enum(
                "pdf",
                "pptx",
                "docx",
                "md",
                "txt",
                "other",
                name="filetype",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("file_size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("storage_path", sa.String(length=500), nullable=False),
        sa.Column("upload_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("indexed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "indexing_status",
            sa.Enum(
                "pending",
                "processing",
                "completed",
                "failed",
                name="indexingstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("metadata", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("page_count", sa.Integer(), nullable=True),
        sa.Column("chunk_count", sa.Integer(), nullable=False),
        sa.Column("embedded_count", sa.Integer(), nullable=False),
        sa.Column("term_total", sa.Integer(), nullable=False),
        sa.Column("search_config", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "file_size_bytes >= 0", name=op.f("ck_course_materials_size_is_natural")
        ),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["courses.course_id"],
            name=op.f("fk_course_materials_course_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["uploader_id"], ["users.user_id"], name=op.f("fk_course_materials_uploader_id")
        ),
        sa.PrimaryKeyConstraint("material_id", name=op.f("pk_course_materials")),
        sa.UniqueConstraint("storage_path", name=op.f("uq_course_materials_storage_path")),
    )
    op.create_index(
        op.f("ix_course_materials_course_id"), "course_materials", ["course_id"], unique=False
    )
    op.create_index(
        op.f("ix_course_materials_indexing_status"),
        "course_materials",
        ["indexing_status"],
        unique=False,
    )
    op.create_index(
        op.f("ix_course_materials_uploader_id"), "course_materials", ["uploader_id"], unique=False
    )
    op.create_table(
        "deployments",
        sa.Column("deployment_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("lti_deployment_id", sa.String(length=255), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "active",
                "disabled",
                name="registrationstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institutions.institution_id"],
            name=op.f("fk_deployments_institution_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registrations.registration_id"],
            name=op.f("fk_deployments_registration_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("deployment_id", name=op.f("pk_deployments")),
        sa.UniqueConstraint(
            "registration_id",
            "lti_deployment_id",
            name=op.f("uq_deployments_registration_id_lti_deployment_id"),
        ),
    )
    op.create_index(
        op.f("ix_deployments_institution_id"), "deployments", ["institution_id"], unique=False
    )
    op.create_table(
        "enrollments",
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("enrollment_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "active",
                "completed",
                "dropped",
                name="enrollmentstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("final_grade", sa.Numeric(), nullable=True),
        sa.Column(
            "role",
            sa.Enum(
                "teacher",
                "ta",
                "student",
                "test_student",
                "observer",
                "administrator",
                "none",
                name="courserole",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("lti_subject", sa.String(length=255), nullable=True),
        sa.Column("last_launch_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["courses.course_id"],
            name=op.f("fk_enrollments_course_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["student_id"],
            ["users.user_id"],
            name=op.f("fk_enrollments_student_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("enrollment_id", name=op.f("pk_enrollments")),
        sa.UniqueConstraint("course_id", "number", name=op.f("uq_enrollments_course_id_number")),
        sa.UniqueConstraint(
            "student_id", "course_id", name=op.f("uq_enrollments_student_id_course_id")
        ),
    )
    op.create_index(op.f("ix_enrollments_course_id"), "enrollments", ["course_id"], unique=False)
    op.create_index(op.f("ix_enrollments_student_id"), "enrollments", ["student_id"], unique=False)
    op.create_table(
        "launch_states",
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("target_link_uri", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registrations.registration_id"],
            name=op.f("fk_launch_states_registration_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("state", name=op.f("pk_launch_states")),
        sa.UniqueConstraint("nonce", name=op.f("uq_launch_states_nonce")),
    )
    op.create_index("ix_launch_states_expires_at", "launch_states", ["expires_at"], unique=False)
    op.create_table(
        "learner_beliefs",
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("mean", sa.Double(), nullable=False),
        sa.Column("variance", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["courses.course_id"],
            name=op.f("fk_learner_beliefs_course_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["student_id"],
            ["users.user_id"],
            name=op.f("fk_learner_beliefs_student_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("student_id", "course_id", name=op.f("pk_learner_beliefs")),
    )
    op.create_table(
        "learning_trajectories",
        sa.Column("trajectory_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("concept_sequence", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["courses.course_id"],
            name=op.f("fk_learning_trajectories_course_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("trajectory_id", name=op.f("pk_learning_trajectories")),
        sa.UniqueConstraint("course_id", name=op.f("uq_learning_trajectories_course_id")),
    )
    op.create_table(
        "service_tokens",
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("scopes", sa.String(length=1000), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registrations.registration_id"],
            name=op.f("fk_service_tokens_registration_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("registration_id", "scopes", name=op.f("pk_service_tokens")),
    )
    op.create_table(
        "tutor_policies",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("small_model_allowed", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["courses.course_id"],
            name=op.f("fk_tutor_policies_course_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["updated_by"],
            ["users.user_id"],
            name=op.f("fk_tutor_policies_updated_by"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("course_id", name=op.f("pk_tutor_policies")),
    )
    op.create_table(
        "activities",
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "tutor",
                "practice",
                name="activitykind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("concept_id", sa.Uuid(), nullable=True),
        sa.Column("points", sa.Numeric(), nullable=True),
        sa.Column("question_count", sa.Integer(), nullable=True),
        sa.Column(
            "score_policy",
            sa.Enum(
                "best",
                "last",
                name="scorepolicy",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("instruction", sa.Text(), nullable=True),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind <> 'practice' or concept_id is not null",
            name=op.f("ck_activities_practice_has_concept"),
        ),
        sa.CheckConstraint("points > 0", name=op.f("ck_activities_points_are_positive")),
        sa.CheckConstraint(
            "question_count > 0", name=op.f("ck_activities_question_count_is_positive")
        ),
        sa.ForeignKeyConstraint(
            ["concept_id"],
            ["concepts.concept_id"],
            name=op.f("fk_activities_concept_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["courses.course_id"],
            name=op.f("fk_activities_course_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.user_id"], name=op.f("fk_activities_created_by")
        ),
        sa.PrimaryKeyConstraint("activity_id", name=op.f("pk_activities")),
    )
    op.create_index(op.f("ix_activities_concept_id"), "activities", ["concept_id"], unique=False)
    op.create_index(op.f("ix_activities_course_id"), "activities", ["course_id"], unique=False)
    op.create_index(op.f("ix_activities_created_by"), "activities", ["created_by"], unique=False)
    op.create_table(
        "chunk_postings",
        sa.Column("material_id", sa.Uuid(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("chunk_indexes", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("term_counts", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("chunk_lengths", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.ForeignKeyConstraint(
            ["material_id"],
            ["course_materials.material_id"],
            name=op.f("fk_chunk_postings_material_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("material_id", "term", name=op.f("pk_chunk_postings")),
    )
    op.create_table(
        "concept_beliefs",
        sa.Column("concept_id", sa.Uuid(), nullable=False),
        sa.Column("mean", sa.Double(), nullable=False),
        sa.Column("variance", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["concept_id"],
            ["concepts.concept_id"],
            name=op.f("fk_concept_beliefs_concept_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("concept_id", name=op.f("pk_concept_beliefs")),
    )
    op.create_table(
        "concept_dependencies",
        sa.Column("dependency_id", sa.Uuid(), nullable=False),
        sa.Column("prerequisite_concept_id", sa.Uuid(), nullable=False),
        sa.Column("dependent_concept_id", sa.Uuid(), nullable=False),
        sa.Column(
            "dependency_strength",
            sa.Enum(
                "required",
                "recommended",
                "optional",
                name="dependencystrength",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "prerequisite_concept_id <> dependent_concept_id",
            name=op.f("ck_concept_dependencies_no_self_edge"),
        ),
        sa.ForeignKeyConstraint(
            ["dependent_concept_id"],
            ["concepts.concept_id"],
            name=op.f("fk_concept_dependencies_dependent_concept_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["prerequisite_concept_id"],
            ["concepts.concept_id"],
            name=op.f("fk_concept_dependencies_prerequisite_concept_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("dependency_id", name=op.f("pk_concept_dependencies")),
        sa.UniqueConstraint(
            "prerequisite_concept_id",
            "dependent_concept_id",
            name=op.f("uq_concept_dependencies_prerequisite_concept_id_dependent_concept_id"),
        ),
    )
    op.create_index(
        op.f("ix_concept_dependencies_dependent_concept_id"),
        "concept_dependencies",
        ["dependent_concept_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_concept_dependencies_prerequisite_concept_id"),
        "concept_dependencies",
        ["prerequisite_concept_id"],
        unique=False,
    )
    op.create_table(
        "learner_concept_beliefs",
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("concept_id", sa.Uuid(), nullable=False),
        sa.Column("mean", sa.Double(), nullable=False),
        sa.Column("variance", sa.Double(), nullable=False),
        sa.Column("answer_count", sa.Integer(), nullable=False),
        sa.Column("last_answer_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mastered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["concept_id"],
            ["concepts.concept_id"],
            name=op.f("fk_learner_concept_beliefs_concept_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["student_id"],
            ["users.user_id"],
            name=op.f("fk_learner_concept_beliefs_student_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "student_id", "concept_id", name=op.f("pk_learner_concept_beliefs")
        ),
    )
    op.create_table(
        "lti_contexts",
        sa.Column("context_id", sa.Uuid(), nullable=False),
        sa.Column("deployment_id", sa.Uuid(), nullable=False),
        sa.Column("lti_context_id", sa.String(length=255), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("line_items_url", sa.Text(), nullable=True),
        sa.Column("memberships_url", sa.Text(), nullable=True),
        sa.Column("ags_scopes", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["courses.course_id"],
            name=op.f("fk_lti_contexts_course_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["deployment_id"],
            ["deployments.deployment_id"],
            name=op.f("fk_lti_contexts_deployment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("context_id", name=op.f("pk_lti_contexts")),
        sa.UniqueConstraint(
            "deployment_id",
            "lti_context_id",
            name=op.f("uq_lti_contexts_deployment_id_lti_context_id"),
        ),
    )
    op.create_index(op.f("ix_lti_contexts_course_id"), "lti_contexts", ["course_id"], unique=False)
    op.create_table(
        "material_chunks",
        sa.Column("chunk_id", sa.Uuid(), nullable=False),
        sa.Column("material_id", sa.Uuid(), nullable=False),
        sa.Column("chunk_index", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("start_page", sa.Integer(), nullable=True),
        sa.Column("end_page", sa.Integer(), nullable=True),
        sa.Column("token_count", sa.Integer(), nullable=False),
        sa.Column("embedding_vector", pgvector.sqlalchemy.VECTOR(dim=1536), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("embedding_model", sa.String(length=100), nullable=True),
        sa.Column("heading", sa.Text(), nullable=True),
        sa.Column("term_count", sa.Integer(), nullable=False),
        sa.Column("page_starts", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.ForeignKeyConstraint(
            ["material_id"],
            ["course_materials.material_id"],
            name=op.f("fk_material_chunks_material_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("chunk_id", name=op.f("pk_material_chunks")),
        sa.UniqueConstraint(
            "material_id", "chunk_index", name=op.f("uq_material_chunks_material_id_chunk_index")
        ),
    )
    op.create_index(
        op.f("ix_material_chunks_material_id"), "material_chunks", ["material_id"], unique=False
    )
    op.create_table(
        "material_pages",
        sa.Column("material_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("label", sa.String(length=50), nullable=True),
        sa.Column("heading", sa.Text(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["material_id"],
            ["course_materials.material_id"],
            name=op.f("fk_material_pages_material_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("material_id", "number", name=op.f("pk_material_pages")),
    )
    op.create_table(
        "messages",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column(
            "sender_type",
            sa.Enum(
                "student",
                "assistant",
                name="sendertype",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("timestamp", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token_count", sa.Integer(), nullable=True),
        sa.Column("llm_model", sa.String(length=50), nullable=True),
        sa.Column("response_time_ms", sa.Integer(), nullable=True),
        sa.Column("contains_code", sa.Boolean(), nullable=False),
        sa.Column(
            "sentiment",
            sa.Enum(
                "positive",
                "neutral",
                "negative",
                "confused",
                name="sentimenttype",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("reply_to_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.conversation_id"],
            name=op.f("fk_messages_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["reply_to_id"],
            ["messages.message_id"],
            name=op.f("fk_messages_reply_to_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_messages")),
    )
    op.create_index(
        op.f("ix_messages_conversation_id"), "messages", ["conversation_id"], unique=False
    )
    op.create_index(op.f("ix_messages_reply_to_id"), "messages", ["reply_to_id"], unique=False)
    op.create_index(op.f("ix_messages_sender_type"), "messages", ["sender_type"], unique=False)
    op.create_index(op.f("ix_messages_timestamp"), "messages", ["timestamp"], unique=False)
    op.create_table(
        "pending_launches",
        sa.Column("handle_hash", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("claims", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["state"],
            ["launch_states.state"],
            name=op.f("fk_pending_launches_state"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("handle_hash", name=op.f("pk_pending_launches")),
        sa.UniqueConstraint("state", name=op.f("uq_pending_launches_state")),
    )
    op.create_index(
        "ix_pending_launches_expires_at", "pending_launches", ["expires_at"], unique=False
    )
    op.create_table(
        "practice_questions",
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("concept_id", sa.Uuid(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column(
            "question_type",
            sa.Enum(
                "multiple_choice",
                "short_answer",
                "coding",
                "true_false",
                name="questiontype",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "difficulty",
            sa.Enum(
                "beginner",
                "intermediate",
                "advanced",
                "expert",
                name="difficultylevel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("question_text", sa.Text(), nullable=False),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("correct_answer", sa.Text(), nullable=True),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.Column("estimated_time_minutes", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["concept_id"],
            ["concepts.concept_id"],
            name=op.f("fk_practice_questions_concept_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["courses.course_id"],
            name=op.f("fk_practice_questions_course_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.user_id"], name=op.f("fk_practice_questions_created_by")
        ),
        sa.PrimaryKeyConstraint("question_id", name=op.f("pk_practice_questions")),
    )
    op.create_index(
        op.f("ix_practice_questions_concept_id"), "practice_questions", ["concept_id"], unique=False
    )
    op.create_index(
        op.f("ix_practice_questions_course_id"), "practice_questions", ["course_id"], unique=False
    )
    op.create_index(
        op.f("ix_practice_questions_created_by"), "practice_questions", ["created_by"], unique=False
    )
    op.create_index(
        op.f("ix_practice_questions_difficulty"), "practice_questions", ["difficulty"], unique=False
    )
    op.create_table(
        "student_progress",
        sa.Column("progress_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("concept_id", sa.Uuid(), nullable=False),
        sa.Column(
            "mastery_level",
            sa.Enum(
                "not_started",
                "in_progress",
                "mastered",
                name="masterylevel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("confidence_score", sa.Numeric(), nullable=True),
        sa.Column("first_interaction", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_interaction", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("total_time_spent", sa.Integer(), nullable=False),
        sa.Column("interaction_count", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "confidence_score between 0 and 1",
            name=op.f("ck_student_progress_confidence_is_a_share"),
        ),
        sa.CheckConstraint(
            "total_time_spent >= 0 and interaction_count >= 0",
            name=op.f("ck_student_progress_counts_are_natural"),
        ),
        sa.ForeignKeyConstraint(
            ["concept_id"],
            ["concepts.concept_id"],
            name=op.f("fk_student_progress_concept_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["student_id"],
            ["users.user_id"],
            name=op.f("fk_student_progress_student_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("progress_id", name=op.f("pk_student_progress")),
        sa.UniqueConstraint(
            "student_id", "concept_id", name=op.f("uq_student_progress_student_id_concept_id")
        ),
    )
    op.create_index(
        op.f("ix_student_progress_concept_id"), "student_progress", ["concept_id"], unique=False
    )
    op.create_index(
        op.f("ix_student_progress_mastery_level"),
        "student_progress",
        ["mastery_level"],
        unique=False,
    )
    op.create_index(
        op.f("ix_student_progress_student_id"), "student_progress", ["student_id"], unique=False
    )
    op.create_table(
        "chunk_vectors",
        sa.Column("chunk_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("material_id", sa.Uuid(), nullable=False),
        sa.Column("chunk_index", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("embedding", pgvector.sqlalchemy.HALFVEC(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chunk_id"],
            ["material_chunks.chunk_id"],
            name=op.f("fk_chunk_vectors_chunk_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["courses.course_id"],
            name=op.f("fk_chunk_vectors_course_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["material_id"],
            ["course_materials.material_id"],
            name=op.f("fk_chunk_vectors_material_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("chunk_id", name=op.f("pk_chunk_vectors")),
    )
    op.create_index(
        "ix_chunk_vectors_course_id_model", "chunk_vectors", ["course_id", "model"], unique=False
    )
    op.create_index(
        op.f("ix_chunk_vectors_material_id"), "chunk_vectors", ["material_id"], unique=False
    )
    op.create_table(
        "concept_discussions",
        sa.Column("discussion_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("concept_id", sa.Uuid(), nullable=False),
        sa.Column("relevance_score", sa.Numeric(), nullable=False),
        sa.Column("detected_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "relevance_score between 0 and 1",
            name=op.f("ck_concept_discussions_relevance_is_a_share"),
        ),
        sa.ForeignKeyConstraint(
            ["concept_id"],
            ["concepts.concept_id"],
            name=op.f("fk_concept_discussions_concept_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.message_id"],
            name=op.f("fk_concept_discussions_message_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("discussion_id", name=op.f("pk_concept_discussions")),
    )
    op.create_index(
        op.f("ix_concept_discussions_concept_id"),
        "concept_discussions",
        ["concept_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_concept_discussions_message_id"),
        "concept_discussions",
        ["message_id"],
        unique=False,
    )
    op.create_table(
        "item_beliefs",
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("mean", sa.Double(), nullable=False),
        sa.Column("variance", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["practice_questions.question_id"],
            name=op.f("fk_item_beliefs_question_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("question_id", name=op.f("pk_item_beliefs")),
    )
    op.create_table(
        "learner_item_histories",
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("successes", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("unaided_successes", sa.Integer(), nullable=False),
        sa.Column("last_evidence_day", sa.Date(), nullable=True),
        sa.Column("revealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["practice_questions.question_id"],
            name=op.f("fk_learner_item_histories_question_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["student_id"],
            ["users.user_id"],
            name=op.f("fk_learner_item_histories_student_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "student_id", "question_id", name=op.f("pk_learner_item_histories")
        ),
    )
    op.create_table(
        "message_citations",
        sa.Column("citation_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("material_id", sa.Uuid(), nullable=True),
        sa.Column("chunk_id", sa.Uuid(), nullable=True),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chunk_id"],
            ["material_chunks.chunk_id"],
            name=op.f("fk_message_citations_chunk_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["material_id"],
            ["course_materials.material_id"],
            name=op.f("fk_message_citations_material_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.message_id"],
            name=op.f("fk_message_citations_message_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("citation_id", name=op.f("pk_message_citations")),
        sa.UniqueConstraint(
            "message_id", "number", name=op.f("uq_message_citations_message_id_number")
        ),
    )
    op.create_index(
        op.f("ix_message_citations_chunk_id"), "message_citations", ["chunk_id"], unique=False
    )
    op.create_index(
        op.f("ix_message_citations_material_id"), "message_citations", ["material_id"], unique=False
    )
    op.create_table(
        "message_evidence",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column(
            "coverage",
            sa.Enum(
                "answered",
                "closest",
                "not_covered",
                name="coverage",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("card", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.message_id"],
            name=op.f("fk_message_evidence_message_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_message_evidence")),
    )
    op.create_table(
        "resource_links",
        sa.Column("resource_link_id", sa.Uuid(), nullable=False),
        sa.Column("context_id", sa.Uuid(), nullable=False),
        sa.Column("lti_resource_link_id", sa.String(length=255), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["activities.activity_id"],
            name=op.f("fk_resource_links_activity_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["context_id"],
            ["lti_contexts.context_id"],
            name=op.f("fk_resource_links_context_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("resource_link_id", name=op.f("pk_resource_links")),
        sa.UniqueConstraint(
            "context_id",
            "lti_resource_link_id",
            name=op.f("uq_resource_links_context_id_lti_resource_link_id"),
        ),
    )
    op.create_index(
        op.f("ix_resource_links_activity_id"), "resource_links", ["activity_id"], unique=False
    )
    op.create_table(
        "student_attempts",
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("submitted_answer", sa.Text(), nullable=False),
        sa.Column("is_correct", sa.Boolean(), nullable=True),
        sa.Column("score", sa.Numeric(), nullable=True),
        sa.Column("time_taken_seconds", sa.Integer(), nullable=True),
        sa.Column("hint_count", sa.Integer(), nullable=False),
        sa.Column("feedback", sa.Text(), nullable=True),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sequence", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("submission_key", sa.String(length=64), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=True),
        sa.Column("model_inputs", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "score between 0 and 1", name=op.f("ck_student_attempts_score_is_a_share")
        ),
        sa.CheckConstraint(
            "time_taken_seconds >= 0 and hint_count >= 0",
            name=op.f("ck_student_attempts_counts_are_natural"),
        ),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["activities.activity_id"],
            name=op.f("fk_student_attempts_activity_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["practice_questions.question_id"],
            name=op.f("fk_student_attempts_question_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["student_id"],
            ["users.user_id"],
            name=op.f("fk_student_attempts_student_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_student_attempts")),
        sa.UniqueConstraint("sequence", name=op.f("uq_student_attempts_sequence")),
        sa.UniqueConstraint(
            "student_id",
            "submission_key",
            name=op.f("uq_student_attempts_student_id_submission_key"),
        ),
    )
    op.create_index(
        op.f("ix_student_attempts_activity_id"), "student_attempts", ["activity_id"], unique=False
    )
    op.create_index(
        op.f("ix_student_attempts_attempted_at"), "student_attempts", ["attempted_at"], unique=False
    )
    op.create_index(
        op.f("ix_student_attempts_question_id"), "student_attempts", ["question_id"], unique=False
    )
    op.create_index(
        op.f("ix_student_attempts_student_id"), "student_attempts", ["student_id"], unique=False
    )
    op.create_table(
        "tutor_turns",
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "writing",
                "written",
                "stopped",
                "failed",
                name="turnstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("alive_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stop_asked", sa.Boolean(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.conversation_id"],
            name=op.f("fk_tutor_turns_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["messages.message_id"],
            name=op.f("fk_tutor_turns_question_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("question_id", name=op.f("pk_tutor_turns")),
    )
    op.create_index(
        op.f("ix_tutor_turns_conversation_id"), "tutor_turns", ["conversation_id"], unique=False
    )
    op.create_index(
        "uq_tutor_turns_one_is_written",
        "tutor_turns",
        ["conversation_id"],
        unique=True,
        postgresql_where=sa.text("state = 'writing'"),
    )
    op.create_table(
        "usage_records",
        sa.Column("usage_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.String(length=50), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("prompt_tokens", sa.Integer(), nullable=True),
        sa.Column("completion_tokens", sa.Integer(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["courses.course_id"],
            name=op.f("fk_usage_records_course_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.message_id"],
            name=op.f("fk_usage_records_message_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.user_id"],
            name=op.f("fk_usage_records_user_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("usage_id", name=op.f("pk_usage_records")),
    )
    op.create_index(
        "ix_usage_records_course_id_created_at",
        "usage_records",
        ["course_id", "created_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_usage_records_message_id"), "usage_records", ["message_id"], unique=False
    )
    op.create_index(op.f("ix_usage_records_user_id"), "usage_records", ["user_id"], unique=False)
    op.create_table(
        "line_items",
        sa.Column("line_item_id", sa.Uuid(), nullable=False),
        sa.Column("context_id", sa.Uuid(), nullable=False),
        sa.Column("resource_link_id", sa.Uuid(), nullable=True),
        sa.Column("activity_id", sa.Uuid(), nullable=True),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["activities.activity_id"],
            name=op.f("fk_line_items_activity_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["context_id"],
            ["lti_contexts.context_id"],
            name=op.f("fk_line_items_context_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["resource_link_id"],
            ["resource_links.resource_link_id"],
            name=op.f("fk_line_items_resource_link_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("line_item_id", name=op.f("pk_line_items")),
        sa.UniqueConstraint("context_id", "url", name=op.f("uq_line_items_context_id_url")),
    )
    op.create_index(op.f("ix_line_items_activity_id"), "line_items", ["activity_id"], unique=False)
    op.create_index(
        op.f("ix_line_items_resource_link_id"), "line_items", ["resource_link_id"], unique=False
    )
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=True),
        sa.Column("enrollment_id", sa.Uuid(), nullable=True),
        sa.Column("registration_id", sa.Uuid(), nullable=True),
        sa.Column("deployment_id", sa.Uuid(), nullable=True),
        sa.Column("resource_link_id", sa.Uuid(), nullable=True),
        sa.Column("activity_id", sa.Uuid(), nullable=True),
        sa.Column(
            "role",
            sa.Enum(
                "teacher",
                "ta",
                "student",
                "test_student",
                "observer",
                "administrator",
                "none",
                name="courserole",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("locale", sa.String(length=35), nullable=True),
        sa.Column("frame_origin", sa.String(length=255), nullable=True),
        sa.Column("deep_linking", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["activities.activity_id"],
            name=op.f("fk_sessions_activity_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["course_id"],
            ["courses.course_id"],
            name=op.f("fk_sessions_course_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["deployment_id"],
            ["deployments.deployment_id"],
            name=op.f("fk_sessions_deployment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["enrollment_id"],
            ["enrollments.enrollment_id"],
            name=op.f("fk_sessions_enrollment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registrations.registration_id"],
            name=op.f("fk_sessions_registration_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["resource_link_id"],
            ["resource_links.resource_link_id"],
            name=op.f("fk_sessions_resource_link_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name=op.f("fk_sessions_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_activity_id"), "sessions", ["activity_id"], unique=False)
    op.create_index(op.f("ix_sessions_course_id"), "sessions", ["course_id"], unique=False)
    op.create_index(op.f("ix_sessions_deployment_id"), "sessions", ["deployment_id"], unique=False)
    op.create_index(op.f("ix_sessions_enrollment_id"), "sessions", ["enrollment_id"], unique=False)
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"], unique=False)
    op.create_index(
        op.f("ix_sessions_registration_id"), "sessions", ["registration_id"], unique=False
    )
    op.create_index(
        op.f("ix_sessions_resource_link_id"), "sessions", ["resource_link_id"], unique=False
    )
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"], unique=False)
    op.create_table(
        "score_outbox",
        sa.Column("outbox_id", sa.Uuid(), nullable=False),
        sa.Column("line_item_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("lti_subject", sa.String(length=255), nullable=False),
        sa.Column("score_given", sa.Numeric(), nullable=False),
        sa.Column("score_maximum", sa.Numeric(), nullable=False),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sent_version", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "waiting",
                "sending",
                "sent",
                "refused",
                "changed_in_lms",
                name="scorestatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("last_timestamp", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_score", sa.Numeric(), nullable=True),
        sa.Column("posted_scores", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("receipt", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "score_given >= 0 and score_maximum > 0", name=op.f("ck_score_outbox_score_is_sendable")
        ),
        sa.ForeignKeyConstraint(
            ["line_item_id"],
            ["line_items.line_item_id"],
            name=op.f("fk_score_outbox_line_item_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name=op.f("fk_score_outbox_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("outbox_id", name=op.f("pk_score_outbox")),
        sa.UniqueConstraint(
            "line_item_id", "user_id", name=op.f("uq_score_outbox_line_item_id_user_id")
        ),
    )
    op.create_index(
        "ix_score_outbox_status_next_try_at",
        "score_outbox",
        ["status", "next_try_at"],
        unique=False,
    )
    op.create_index(op.f("ix_score_outbox_user_id"), "score_outbox", ["user_id"], unique=False)
    # Read in place by exact search: never moved out of line, never compressed.
    op.execute("alter table chunk_vectors alter column embedding set storage plain")
    # The user who owns what no person uploaded or created.
    op.execute(
        "insert into users (user_id, email, sso_id, role, first_name, last_name, created_at,"
        " is_active) values ('00000000-0000-0000-0000-000000000000', 'system@users.invalid',"
        " 'system', 'admin', '', '', now(), false)"
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_score_outbox_user_id"), table_name="score_outbox")
    op.drop_index("ix_score_outbox_status_next_try_at", table_name="score_outbox")
    op.drop_table("score_outbox")
    op.drop_index(op.f("ix_sessions_user_id"), table_name="sessions")
    op.drop_index(op.f("ix_sessions_resource_link_id"), table_name="sessions")
    op.drop_index(op.f("ix_sessions_registration_id"), table_name="sessions")
    op.drop_index("ix_sessions_expires_at", table_name="sessions")
    op.drop_index(op.f("ix_sessions_enrollment_id"), table_name="sessions")
    op.drop_index(op.f("ix_sessions_deployment_id"), table_name="sessions")
    op.drop_index(op.f("ix_sessions_course_id"), table_name="sessions")
    op.drop_index(op.f("ix_sessions_activity_id"), table_name="sessions")
    op.drop_table("sessions")
    op.drop_index(op.f("ix_line_items_resource_link_id"), table_name="line_items")
    op.drop_index(op.f("ix_line_items_activity_id"), table_name="line_items")
    op.drop_table("line_items")
    op.drop_index(op.f("ix_usage_records_user_id"), table_name="usage_records")
    op.drop_index(op.f("ix_usage_records_message_id"), table_name="usage_records")
    op.drop_index("ix_usage_records_course_id_created_at", table_name="usage_records")
    op.drop_table("usage_records")
    op.drop_index(
        "uq_tutor_turns_one_is_written",
        table_name="tutor_turns",
        postgresql_where=sa.text("state = 'writing'"),
    )
    op.drop_index(op.f("ix_tutor_turns_conversation_id"), table_name="tutor_turns")
    op.drop_table("tutor_turns")
    op.drop_index(op.f("ix_student_attempts_student_id"), table_name="student_attempts")
    op.drop_index(op.f("ix_student_attempts_question_id"), table_name="student_attempts")
    op.drop_index(op.f("ix_student_attempts_attempted_at"), table_name="student_attempts")
    op.drop_index(op.f("ix_student_attempts_activity_id"), table_name="student_attempts")
    op.drop_table("student_attempts")
    op.drop_index(op.f("ix_resource_links_activity_id"), table_name="resource_links")
    op.drop_table("resource_links")
    op.drop_table("message_evidence")
    op.drop_index(op.f("ix_message_citations_material_id"), table_name="message_citations")
    op.drop_index(op.f("ix_message_citations_chunk_id"), table_name="message_citations")
    op.drop_table("message_citations")
    op.drop_table("learner_item_histories")
    op.drop_table("item_beliefs")
    op.drop_index(op.f("ix_concept_discussions_message_id"), table_name="concept_discussions")
    op.drop_index(op.f("ix_concept_discussions_concept_id"), table_name="concept_discussions")
    op.drop_table("concept_discussions")
    op.drop_index(op.f("ix_chunk_vectors_material_id"), table_name="chunk_vectors")
    op.drop_index("ix_chunk_vectors_course_id_model", table_name="chunk_vectors")
    op.drop_table("chunk_vectors")
    op.drop_index(op.f("ix_student_progress_student_id"), table_name="student_progress")
    op.drop_index(op.f("ix_student_progress_mastery_level"), table_name="student_progress")
    op.drop_index(op.f("ix_student_progress_concept_id"), table_name="student_progress")
    op.drop_table("student_progress")
    op.drop_index(op.f("ix_practice_questions_difficulty"), table_name="practice_questions")
    op.drop_index(op.f("ix_practice_questions_created_by"), table_name="practice_questions")
    op.drop_index(op.f("ix_practice_questions_course_id"), table_name="practice_questions")
    op.drop_index(op.f("ix_practice_questions_concept_id"), table_name="practice_questions")
    op.drop_table("practice_questions")
    op.drop_index("ix_pending_launches_expires_at", table_name="pending_launches")
    op.drop_table("pending_launches")
    op.drop_index(op.f("ix_messages_timestamp"), table_name="messages")
    op.drop_index(op.f("ix_messages_sender_type"), table_name="messages")
    op.drop_index(op.f("ix_messages_reply_to_id"), table_name="messages")
    op.drop_index(op.f("ix_messages_conversation_id"), table_name="messages")
    op.drop_table("messages")
    op.drop_table("material_pages")
    op.drop_index(op.f("ix_material_chunks_material_id"), table_name="material_chunks")
    op.drop_table("material_chunks")
    op.drop_index(op.f("ix_lti_contexts_course_id"), table_name="lti_contexts")
    op.drop_table("lti_contexts")
    op.drop_table("learner_concept_beliefs")
    op.drop_index(
        op.f("ix_concept_dependencies_prerequisite_concept_id"), table_name="concept_dependencies"
    )
    op.drop_index(
        op.f("ix_concept_dependencies_dependent_concept_id"), table_name="concept_dependencies"
    )
    op.drop_table("concept_dependencies")
    op.drop_table("concept_beliefs")
    op.drop_table("chunk_postings")
    op.drop_index(op.f("ix_activities_created_by"), table_name="activities")
    op.drop_index(op.f("ix_activities_course_id"), table_name="activities")
    op.drop_index(op.f("ix_activities_concept_id"), table_name="activities")
    op.drop_table("activities")
    op.drop_table("tutor_policies")
    op.drop_table("service_tokens")
    op.drop_table("learning_trajectories")
    op.drop_table("learner_beliefs")
    op.drop_index("ix_launch_states_expires_at", table_name="launch_states")
    op.drop_table("launch_states")
    op.drop_index(op.f("ix_enrollments_student_id"), table_name="enrollments")
    op.drop_index(op.f("ix_enrollments_course_id"), table_name="enrollments")
    op.drop_table("enrollments")
    op.drop_index(op.f("ix_deployments_institution_id"), table_name="deployments")
    op.drop_table("deployments")
    op.drop_index(op.f("ix_course_materials_uploader_id"), table_name="course_materials")
    op.drop_index(op.f("ix_course_materials_indexing_status"), table_name="course_materials")
    op.drop_index(op.f("ix_course_materials_course_id"), table_name="course_materials")
    op.drop_table("course_materials")
    op.drop_index(op.f("ix_conversations_student_id"), table_name="conversations")
    op.drop_index(op.f("ix_conversations_started_at"), table_name="conversations")
    op.drop_index(op.f("ix_conversations_course_id"), table_name="conversations")
    op.drop_table("conversations")
    op.drop_index(op.f("ix_concepts_difficulty_level"), table_name="concepts")
    op.drop_index(op.f("ix_concepts_course_id"), table_name="concepts")
    op.drop_table("concepts")
    op.drop_index(op.f("ix_class_analytics_date"), table_name="class_analytics")
    op.drop_index(op.f("ix_class_analytics_course_id"), table_name="class_analytics")
    op.drop_table("class_analytics")
    op.drop_index("ix_audit_events_course_id_at", table_name="audit_events")
    op.drop_index(op.f("ix_audit_events_actor_id"), table_name="audit_events")
    op.drop_table("audit_events")
    op.drop_index(op.f("ix_registrations_platform_id"), table_name="registrations")
    op.drop_table("registrations")
    op.drop_index(op.f("ix_lti_identities_user_id"), table_name="lti_identities")
    op.drop_table("lti_identities")
    op.drop_index(op.f("ix_courses_semester"), table_name="courses")
    op.drop_index(op.f("ix_courses_instructor_id"), table_name="courses")
    op.drop_table("courses")
    op.drop_index(op.f("ix_users_role"), table_name="users")
    op.drop_index(op.f("ix_users_email"), table_name="users")
    op.drop_table("users")
    op.drop_table("tool_keys")
    op.drop_table("rate_counters")
    op.drop_table("platforms")
    op.drop_table("operators")
    op.drop_table("institutions")
    op.drop_table("cached_key_sets")
    op.drop_table("budgets")
    _run_script(DROP_QUEUE)
