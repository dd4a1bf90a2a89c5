/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/admission/admission_priv.h"

#include <api/pod.h>
#include <base/base64.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>

static const char API_VERSION_V1[] = "admission.k8s.io/v1";
/* [{"op": "add", "path": "/spec/runtimeClassName", "value": "escape"}] */
static const char PATCH[] =
	"[{\"op\":\"add\",\"path\":\"/spec/runtimeClassName\",\"value\":\"" API_RUNTIME_CLASS "\"}]";

int admission_warn(struct json *response, const char *text)
{
	auto_json struct json *list = json_new_arr();

	if (json_add(list, json_new_str(text)))
		return -ENOMEM;
	return json_set(response, "warnings", TAKE_PTR(list));
}

static int review_check(const struct json *review, struct err *e)
{
	const char *version = json_str_at(review, "apiVersion", "");
	const char *uid = json_str_at(review, "request.uid", "");

	if (!str_eq(version, API_VERSION_V1) || !str_eq(json_str_at(review, "kind", ""), "AdmissionReview"))
		return err_set(e, -EINVAL, "BadReview", "expected an AdmissionReview of %s, got %.64s %.64s",
			API_VERSION_V1, version, json_str_at(review, "kind", "nothing"));
	if (!str_is_uid(uid))
		return err_set(e, -EINVAL, "BadReview", "request.uid is missing or not a UID");
	if (!json_is_obj(json_at(review, "request.object")))
		return err_set(e, -EINVAL, "BadReview", "request.object is missing");
	return 0;
}

static bool is_new_pod(const struct json *request)
{
	return str_eq(json_str_at(request, "operation", ""), "CREATE") &&
	       str_eq(json_str_at(request, "resource.group", ""), "") &&
	       str_eq(json_str_at(request, "resource.resource", ""), "pods") &&
	       str_eq(json_str_at(request, "subResource", ""), "");
}

/* The object of a create may lack its namespace and name; the request has them. */
static struct json *pod_of(const struct json *request)
{
	auto_json struct json *pod = json_dup(json_member(request, "object"));
	struct json *meta = json_obj_at(pod, "metadata");

	if (!meta || json_set_str(meta, "namespace", json_str_at(request, "namespace", "")))
		return NULL;
	return TAKE_PTR(pod);
}

/* Why a selected pod is left alone; 0: it is not. */
static int pod_stays(const struct json *pod, struct err *e)
{
	const char *class = json_str_at(pod, "spec.runtimeClassName", NULL);

	if (class)
		return err_set(e, -EEXIST, "OtherRuntimeClass", "it asks for RuntimeClass %.64s", class);
	return pod_preflight(pod, false, e);
}

static int warn(struct json *response, const char *name, const struct err *why)
{
	char text[ERR_MESSAGE_MAX];

	str_fmt(text, sizeof(text),
		"escape: pod %.100s is selected by an EscapePolicy but will not be protected: %.250s (%s)",
		name, why->message, why->reason);
	return admission_warn(response, text);
}

static int patch(struct json *response)
{
	auto_free char *text = base64_encode(PATCH, sizeof(PATCH) - 1);

	if (!text || json_set_str(response, "patchType", "JSONPatch"))
		return -ENOMEM;
	return json_set_str(response, "patch", text);
}

struct mutation {
	admission_governs governs;
	void *arg;
};

static int respond(void *arg, struct json *response, const struct json *request)
{
	const struct mutation *m = arg;
	auto_json struct json *pod = NULL;
	struct err why = {0};

	if (!is_new_pod(request))
		return 0;
	pod = pod_of(request);
	if (!pod)
		return -ENOMEM;
	if (!m->governs(m->arg, pod) ||
		str_eq(json_str_at(pod, "spec.runtimeClassName", NULL), API_RUNTIME_CLASS))
		return 0;
	if (pod_stays(pod, &why))
		return warn(response,
			json_str_at(pod, "metadata.name", json_str_at(pod, "metadata.generateName", "")),
			&why);
	return patch(response);
}

int admission_review(
	const char *body, size_t len, admission_governs governs, void *arg, struct buf *out, struct err *e)
{
	struct mutation m = {.governs = governs, .arg = arg};

	return admission_answer(body, len, respond, &m, out, e);
}

int admission_answer(
	const char *body, size_t len, admission_respond respond_, void *arg, struct buf *out, struct err *e)
{
	auto_json struct json *review = NULL;
	auto_json struct json *answer = json_new_obj();
	struct json *response = json_obj_at(answer, "response");
	auto_free char *text = NULL;
	int rc;

	rc = json_parse(body, len, ADMISSION_MAX, &review, e);
	if (!rc)
		rc = review_check(review, e);
	if (rc)
		return rc;
	if (!response || json_set_str(answer, "apiVersion", API_VERSION_V1) ||
		json_set_str(answer, "kind", "AdmissionReview") ||
		json_set_str(response, "uid", json_str_at(review, "request.uid", "")) ||
		json_set_bool(response, "allowed", true) ||
		respond_(arg, response, json_member(review, "request")))
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the answer");
	text = json_print(answer);
	if (!text || buf_adds(out, text))
		return err_set(e, -ENOMEM, "OutOfMemory", "no memory for the answer");
	return 0;
}
