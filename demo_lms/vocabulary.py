"""The names on LTI's wire: claims, roles, scopes and media types.

LTI core 1.3 sections 5.3, 5.4 and appendix A; Deep Linking 2.0; AGS 2.0; NRPS 2.0.
"""

from __future__ import annotations

_SPEC = "https://purl.imsglobal.org/spec"
_VOCAB = "http://purl.imsglobal.org/vocab/lis/v2"

_CLAIM = f"{_SPEC}/lti/claim"
MESSAGE_TYPE = f"{_CLAIM}/message_type"
VERSION = f"{_CLAIM}/version"
DEPLOYMENT_ID = f"{_CLAIM}/deployment_id"
TARGET_LINK_URI = f"{_CLAIM}/target_link_uri"
RESOURCE_LINK = f"{_CLAIM}/resource_link"
CONTEXT = f"{_CLAIM}/context"
ROLES = f"{_CLAIM}/roles"
CUSTOM = f"{_CLAIM}/custom"
FOR_USER = f"{_CLAIM}/for_user"
TOOL_PLATFORM = f"{_CLAIM}/tool_platform"
LAUNCH_PRESENTATION = f"{_CLAIM}/launch_presentation"
LTI_VERSION = "1.3.0"

AGS_ENDPOINT = f"{_SPEC}/lti-ags/claim/endpoint"
NRPS_SERVICE = f"{_SPEC}/lti-nrps/claim/namesroleservice"

_DL_CLAIM = f"{_SPEC}/lti-dl/claim"
DL_SETTINGS = f"{_DL_CLAIM}/deep_linking_settings"
DL_CONTENT_ITEMS = f"{_DL_CLAIM}/content_items"
DL_DATA = f"{_DL_CLAIM}/data"
DL_MSG = f"{_DL_CLAIM}/msg"
DL_ERRORMSG = f"{_DL_CLAIM}/errormsg"

RESOURCE_LINK_REQUEST = "LtiResourceLinkRequest"
SUBMISSION_REVIEW_REQUEST = "LtiSubmissionReviewRequest"
DATA_PRIVACY_REQUEST = "DataPrivacyLaunchRequest"
DEEP_LINKING_REQUEST = "LtiDeepLinkingRequest"
DEEP_LINKING_RESPONSE = "LtiDeepLinkingResponse"

COURSE_OFFERING = f"{_VOCAB}/course#CourseOffering"
MEMBERSHIP = f"{_VOCAB}/membership"
LEARNER = f"{MEMBERSHIP}#Learner"
INSTRUCTOR = f"{MEMBERSHIP}#Instructor"
TEACHING_ASSISTANT = f"{MEMBERSHIP}/Instructor#TeachingAssistant"
INSTITUTION_INSTRUCTOR = f"{_VOCAB}/institution/person#Instructor"
INSTITUTION_STUDENT = f"{_VOCAB}/institution/person#Student"
INSTITUTION_ADMINISTRATOR = f"{_VOCAB}/institution/person#Administrator"
SYSTEM_USER = f"{_VOCAB}/system/person#User"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"

SCOPE_LINE_ITEM = f"{_SPEC}/lti-ags/scope/lineitem"
SCOPE_LINE_ITEM_READ = f"{_SPEC}/lti-ags/scope/lineitem.readonly"
SCOPE_RESULT_READ = f"{_SPEC}/lti-ags/scope/result.readonly"
SCOPE_SCORE = f"{_SPEC}/lti-ags/scope/score"
SCOPE_ROSTER = f"{_SPEC}/lti-nrps/scope/contextmembership.readonly"
AGS_SCOPES = (SCOPE_LINE_ITEM, SCOPE_LINE_ITEM_READ, SCOPE_RESULT_READ, SCOPE_SCORE)
SCOPES = (*AGS_SCOPES, SCOPE_ROSTER)

LINE_ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
RESULTS_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"
ROSTER_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
