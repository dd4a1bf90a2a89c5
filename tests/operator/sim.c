/* SPDX-License-Identifier: Apache-2.0 */
#include "sim.h"

#include "merge.h"

#include <base/backoff.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <string.h>

uint64_t sim_chance(struct sim *s, uint64_t n)
{
	return rng_next(&s->rng) % n;
}

static struct json *keep(struct sim *s, struct json *doc)
{
	char version[24];

	assert_non_null(doc);
	assert_true(s->n_docs < SIM_DOCS);
	str_fmt(version, sizeof(version), "%lld", (long long)++s->version);
	json_set_str(json_obj_at(doc, "metadata"), "resourceVersion", version);
	s->docs[s->n_docs++] = doc;
	return doc;
}

static struct json *parse(struct sim *s, const char *text)
{
	auto_free char *copy = strdup(text);
	struct json *doc = NULL;

	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	assert_int_equal(json_parse(copy, strlen(copy), 1 << 20, &doc, NULL), 0);
	return keep(s, doc);
}

struct json *sim_change(struct sim *s, enum sim_stream stream)
{
	s->truth[stream] = keep(s, json_dup(s->truth[stream]));
	return s->truth[stream];
}

bool sim_patch(struct sim *s, enum sim_stream stream, const struct json *patch)
{
	const char *want = json_str_at(patch, "metadata.resourceVersion", NULL);
	const char *uid = json_str_at(patch, "metadata.uid", NULL);
	auto_json struct json *content = json_dup(patch);

	if (!s->truth[stream] ||
		(want && !str_eq(want, json_str_at(s->truth[stream], "metadata.resourceVersion", ""))))
		return false;
	if (uid && !str_eq(uid, json_str_at(s->truth[stream], "metadata.uid", "")))
		return false;
	json_remove(json_edit(content, "metadata"), "resourceVersion");
	merge_apply(sim_change(s, stream), content);
	return true;
}

const char *sim_phase(const struct sim *s)
{
	return json_str_at(s->truth[STREAM_ESCAPE], "status.phase", "Pending");
}

static void view_begin(struct sim *s)
{
	memset(&s->view, 0, sizeof(s->view));
	for (int i = 0; i < STREAMS; i++)
		sim_deliver(s, (enum sim_stream)i);
}

void sim_begin(struct sim *s, uint64_t seed)
{
	memset(s, 0, sizeof(*s));
	s->rng = seed;
	s->now_ms = SCENE_NOW;
	s->config = PLAN_CONFIG_DEFAULT;
	s->source = PROCESS_RUNNING;
	s->truth[STREAM_OLD] =
		parse(s, "{'kind':'Pod','metadata':{'namespace':'shop','name':'prey','uid':'a1','labels':{'"
			 "app':'shop'},"
			 "'ownerReferences':[{'apiVersion':'apps/"
			 "v1','kind':'ReplicaSet','name':'r','uid':'5','controller':true}]},"
			 "'spec':{'nodeName':'node-a','runtimeClassName':'escape','containers':[{'name':'app'"
			 ",'image':'i'}]},"
			 "'status':{'phase':'Running','conditions':[{'type':'Ready','status':'True'}]}}");
	s->truth[STREAM_NODE] = parse(s, "{'kind':'Node','metadata':{'name':'node-b'}}");
	s->truth[STREAM_ESCAPE] = parse(s,
		"{'kind':'Escape','metadata':{'namespace':'shop','name':'x','uid':'e1','creationTimestamp':"
		"'2027-01-15T08:00:00Z'},'spec':{'kind':'Move','podName':'prey','podUID':'a1','sourceNode':'"
		"node-a',"
		"'destinationNode':'node-b','successor':'prey-1','state':'Live'}}");
	view_begin(s);
}

void sim_end(struct sim *s)
{
	world_free(&s->view);
	for (size_t i = 0; i < s->n_docs; i++)
		json_free(s->docs[i]);
}

void sim_deliver(struct sim *s, enum sim_stream stream)
{
	const struct json *doc = s->truth[stream];

	switch (stream) {
	case STREAM_ESCAPE:
		world_put_escape(&s->view, doc, true, s->now_ms, NULL);
		break;
	case STREAM_OLD:
	case STREAM_SUCCESSOR:
		if (doc)
			world_put_pod(&s->view, doc, NULL);
		else
			world_drop_pod(&s->view, "shop", stream == STREAM_OLD ? "prey" : "prey-1");
		break;
	case STREAM_NODE:
		if (doc)
			world_put_node(&s->view, doc, NULL);
		else
			world_drop_node(&s->view, "node-b");
		break;
	case STREAMS:
		break;
	}
}

void sim_operator_restarts(struct sim *s)
{
	world_free(&s->view);
	view_begin(s);
}

/* By an agent, from what it has just read. */
static bool agent_step(struct sim *s, enum escape_phase to, enum escape_actor actor, const char *reason)
{
	auto_free struct escape *x = malloc(sizeof(*x));
	auto_json struct json *patch = NULL;

	assert_int_equal(escape_decode(s->truth[STREAM_ESCAPE], x, NULL), 0);
	patch = escape_patch_phase(x, to, actor, s->now_ms, reason, "", NULL, 0, NULL);
	return patch && sim_patch(s, STREAM_ESCAPE, patch);
}

/* Each call does one thing, so that a crash may fall between any two. */
void sim_source_agent(struct sim *s)
{
	bool staged = str_eq(sim_phase(s), "Staged"), aborting = str_eq(sim_phase(s), "Aborting");

	if (s->source == PROCESS_NONE)
		return;
	if (staged && s->source == PROCESS_RUNNING)
		s->source = PROCESS_FROZEN;
	else if (staged && !s->sealed)
		s->sealed = true;
	else if (staged)
		agent_step(s, PHASE_SEALED, ACTOR_SOURCE, "");
	else if (aborting && s->source == PROCESS_FROZEN)
		s->source = PROCESS_RUNNING;
	else if (aborting)
		agent_step(s, PHASE_ABORTED, ACTOR_SOURCE, NULL);
}

void sim_destination_agent(struct sim *s)
{
	const char *phase = sim_phase(s);

	if (s->destination_dead || !s->truth[STREAM_SUCCESSOR])
		return;
	if (str_eq(phase, "Staging"))
		agent_step(s, PHASE_STAGED, ACTOR_DESTINATION, NULL);
	else if (str_eq(phase, "Sealed"))
		agent_step(s, PHASE_RESTORING, ACTOR_DESTINATION, NULL);
	else if (!str_eq(phase, "Restoring"))
		return;
	else if (s->destination == PROCESS_RUNNING)
		agent_step(s, PHASE_RESTORED, ACTOR_DESTINATION, NULL);
	else if (sim_chance(s, 4) == 0)
		agent_step(s, PHASE_ABORTING, ACTOR_DESTINATION, "RestoreFailed");
	else
		s->destination = PROCESS_RUNNING;
}

/* Of a dead node the pod collector does it. */
static void kubelet(struct sim *s, enum sim_stream stream, enum sim_process *process)
{
	if (!json_at(s->truth[stream], "metadata.deletionTimestamp"))
		return;
	*process = PROCESS_NONE;
	s->truth[stream] = NULL;
}

void sim_kubelets(struct sim *s)
{
	struct json *pod;
	struct json *ready;

	kubelet(s, STREAM_OLD, &s->source);
	kubelet(s, STREAM_SUCCESSOR, &s->destination);
	if (!s->truth[STREAM_SUCCESSOR] || s->destination != PROCESS_RUNNING ||
		json_at(s->truth[STREAM_SUCCESSOR], "status.conditions"))
		return;
	pod = sim_change(s, STREAM_SUCCESSOR);
	ready = parse(s, "{'status':{'phase':'Running','conditions':[{'type':'Ready','status':'True'}]}}");
	json_set(pod, "status", json_dup(json_member(ready, "status")));
}

static void user_deletes(struct sim *s, enum sim_stream stream)
{
	json_set_str(
		json_obj_at(sim_change(s, stream), "metadata"), "deletionTimestamp", "2027-01-15T08:01:00Z");
}

void sim_user_deletes_pod(struct sim *s)
{
	if (!s->truth[STREAM_OLD])
		return;
	s->pod_deleted = true;
	user_deletes(s, STREAM_OLD);
}

void sim_user_deletes_successor(struct sim *s)
{
	if (!s->truth[STREAM_SUCCESSOR])
		return;
	s->successor_deleted = true;
	user_deletes(s, STREAM_SUCCESSOR);
}

/* Its processes are gone when the Node is. The pod goes with it, as the pod collector has it. */
void sim_destination_dies(struct sim *s)
{
	s->destination_dead = true;
	s->destination = PROCESS_NONE;
	s->truth[STREAM_NODE] = NULL;
	s->truth[STREAM_SUCCESSOR] = NULL;
}
