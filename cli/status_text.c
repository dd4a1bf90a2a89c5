/* SPDX-License-Identifier: Apache-2.0 */
#include "status.h"

#include "text.h"

#include <base/str.h>

static void heading(struct buf *out, const char *title)
{
	buf_addf(out, "%s%s\n", out->len ? "\n" : "", title);
}

static void add_problem(struct buf *out, const char *whose, const struct status_problem *p)
{
	buf_adds(out, "  ! ");
	text_addf(out, "%s: %s is %s, %s", whose, p->type, p->status, p->reason);
	if (*p->message)
		text_addf(out, ": %s", p->message);
	buf_adds(out, "\n");
}

static void add_problems(struct buf *out, const char *whose, const struct status_problems *p)
{
	for (size_t i = 0; i < p->n; i++)
		add_problem(out, whose, &p->items[i]);
}

static void count_cell(struct table *t, int64_t n)
{
	if (n < 0)
		table_cell(t, "-");
	else
		table_cell(t, "%lld", (long long)n);
}

static void share_cell(struct table *t, double p)
{
	if (p < 0)
		table_cell(t, "-");
	else
		table_cell(t, "%.3f", p);
}

static void learning_cell(struct table *t, const struct status_policy *p)
{
	auto_buf struct buf left = BUF_INIT(32);

	text_add_age(&left, p->learning_s * 1000);
	if (p->learning_pods < 0 || p->learned_percent < 0)
		count_cell(t, p->learning_pods);
	else if (p->learning_s > 0)
		table_cell(t, "%lld (%lld %%, %s left)", (long long)p->learning_pods,
			(long long)p->learned_percent, left.data ? left.data : "?");
	else
		table_cell(t, "%lld (%lld %%)", (long long)p->learning_pods, (long long)p->learned_percent);
}

static void policy_row(struct table *t, const struct status_policy *p)
{
	table_cell(t, "%s", p->namespace_);
	table_cell(t, "%s", p->name);
	table_cell(t, "%s%s", p->mode, p->dry_run ? " (dry run)" : "");
	count_cell(t, p->protected_pods);
	count_cell(t, p->unprotected_pods);
	learning_cell(t, p);
	if (p->hacked_nodes < 0 || p->nodes < 0)
		table_cell(t, "-");
	else
		table_cell(t, "%lld of %lld", (long long)p->hacked_nodes, (long long)p->nodes);
	share_cell(t, p->survival_static);
	share_cell(t, p->survival_mobile);
}

static void policy_notes(struct buf *out, const struct status_policy *p)
{
	auto_buf struct buf whose = BUF_INIT(TEXT_MAX);

	if (buf_addf(&whose, "%s/%s", p->namespace_, p->name)) {
		out->failed = true;
		return;
	}
	if (p->behind) {
		buf_adds(out, "  ! ");
		text_addf(out,
			"%s: the operator has not taken up this spec yet; if that lasts, see whether it "
			"runs: kubectl get pods -A -l app.kubernetes.io/component=operator",
			whose.data);
		buf_adds(out, "\n");
	}
	add_problems(out, whose.data, &p->problems);
}

/* What the model makes of the cluster: the same in every policy, so told once. */
static void add_forecast(struct buf *out, const struct status_view *v)
{
	const struct status_policy *p = v->policies;

	while (p < v->policies + v->n_policies && p->density < 0)
		p++;
	if (p == v->policies + v->n_policies)
		return;
	text_addf(out, "N %lld of V %lld nodes hacked (rho %.3f), %lld suspect", (long long)p->hacked_nodes,
		(long long)p->nodes, p->density, (long long)(p->suspect_nodes < 0 ? 0 : p->suspect_nodes));
	if (!*p->growth || str_eq(p->growth, "None"))
		buf_adds(out, "; no growth to fit\n");
	else
		text_addf(out, "; %s growth, k %.3g", p->growth, p->growth_rate);
	if (!*p->growth || str_eq(p->growth, "None"))
		return;
	if (p->growth_capacity > 0)
		buf_addf(out, ", mu %.0f", p->growth_capacity);
	buf_addf(out, ": N %.0f at the horizon of the forecast\n", p->hacked_ahead);
}

static void add_policies(struct buf *out, const struct status_view *v)
{
	static const char *const titles[] = {"NAMESPACE", "NAME", "MODE", "PROTECTED", "UNPROTECTED",
		"LEARNING", "HACKED NODES", "SURVIVAL STATIC", "MOBILE", NULL};
	auto_table struct table t;

	heading(out, "POLICIES");
	table_init(&t, titles);
	for (size_t i = 0; i < v->n_policies; i++)
		policy_row(&t, &v->policies[i]);
	if (v->n_policies)
		table_add(out, &t);
	else if (v->namespace_)
		text_addf(out,
			"No EscapePolicy in namespace %s: nothing in it is protected. -A shows all "
			"namespaces.",
			v->namespace_);
	else
		buf_adds(out, "No EscapePolicy in any namespace: nothing is protected.");
	if (!v->n_policies)
		buf_adds(out, "\n");
	for (size_t i = 0; i < v->n_policies; i++)
		policy_notes(out, &v->policies[i]);
	add_forecast(out, v);
}

static void age_cell(struct table *t, const char *prefix, int64_t at_ms, int64_t now_ms, const char *suffix)
{
	auto_buf struct buf age = BUF_INIT(32);

	text_add_age(&age, now_ms - at_ms);
	table_cell(t, "%s%s%s", prefix, age.data ? age.data : "", suffix);
}

static void text_cell(struct table *t, const char *text)
{
	table_cell(t, "%s", *text ? text : "-");
}

static void node_row(struct table *t, const struct status_node *n, int64_t now_ms)
{
	table_cell(t, "%s", n->name);
	text_cell(t, n->state);
	if (n->heartbeat_ms)
		age_cell(t, "", n->heartbeat_ms, now_ms, " ago");
	else
		table_cell(t, "never");
	table_cell(t, "%s", n->can_detect ? "yes" : "no");
	table_cell(t, "%s", n->can_restore ? "yes" : "no");
	table_cell(t, "%zu", n->alarms);
	if (n->last_alarm_ms)
		age_cell(t, "", n->last_alarm_ms, now_ms, " ago");
	else
		table_cell(t, "-");
	text_cell(t, n->kernel);
	table_cell(
		t, "%s%s%s", *n->cgroups ? n->cgroups : "-", *n->cgroup_driver ? ", " : "", n->cgroup_driver);
	text_cell(t, n->criu);
}

static void add_nodes(struct buf *out, const struct status_view *v, int64_t now_ms)
{
	static const char *const titles[] = {"NAME", "STATE", "REPORT", "CAN DETECT", "CAN RESTORE", "ALARMS",
		"LAST ALARM", "KERNEL", "CGROUPS", "CRIU", NULL};
	auto_table struct table t;

	heading(out, "NODES");
	table_init(&t, titles);
	for (size_t i = 0; i < v->n_nodes; i++)
		node_row(&t, &v->nodes[i], now_ms);
	if (v->n_nodes) {
		table_add(out, &t);
	} else if (v->nodes_hidden) {
		text_addf(out, "Not shown: %s", v->nodes_hidden);
		buf_adds(out, "\n");
	} else {
		buf_adds(out, "No node reports. Are the agents there? kubectl get pods -A -l "
			      "app.kubernetes.io/component=agent\n");
	}
	for (size_t i = 0; i < v->n_nodes; i++)
		add_problems(out, v->nodes[i].name, &v->nodes[i].problems);
}

static void escape_row(struct table *t, const struct status_escape *x, int64_t now_ms)
{
	table_cell(t, "%s", x->namespace_);
	table_cell(t, "%s", x->name);
	table_cell(t, "%s", x->kind);
	table_cell(t, "%s", x->pod);
	table_cell(t, "%s", x->from);
	table_cell(t, "%s", x->to);
	table_cell(t, "%s%s", x->phase, x->stuck ? " (stuck)" : "");
	if (x->since_ms)
		age_cell(t, "", x->since_ms, now_ms, "");
	else
		table_cell(t, "-");
	table_cell(t, "%s", x->reason);
}

static void escape_note(struct buf *out, const struct status_escape *x)
{
	if (!*x->message)
		return;
	buf_adds(out, x->stuck ? "  ! " : "    ");
	text_addf(out, "%s/%s: %s", x->namespace_, x->name, x->message);
	buf_adds(out, "\n");
}

static void add_escapes(struct buf *out, const struct status_view *v, int64_t now_ms)
{
	static const char *const titles[] = {
		"NAMESPACE", "NAME", "KIND", "POD", "FROM", "TO", "PHASE", "FOR", "WHY", NULL};
	auto_table struct table t;

	heading(out, "ESCAPES UNDER WAY");
	table_init(&t, titles);
	for (size_t i = 0; i < v->n_escapes; i++)
		escape_row(&t, &v->escapes[i], now_ms);
	if (v->n_escapes)
		table_add(out, &t);
	else
		buf_adds(out, "None.\n");
	for (size_t i = 0; i < v->n_escapes; i++)
		escape_note(out, &v->escapes[i]);
}

void status_text(const struct status_view *v, int64_t now_ms, struct buf *out)
{
	add_policies(out, v);
	add_nodes(out, v, now_ms);
	add_escapes(out, v, now_ms);
}
