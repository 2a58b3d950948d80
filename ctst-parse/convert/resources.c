/* Limits, restarts, copies: mem_limit, cpus, restart, scale, and all of deploy. */
#include <string.h>

#include "ctst-parse/convert/quantity.h"
#include "ctst-parse/convert/service.h"

#define DEFAULT_PERIOD 100000 /* microseconds, cpu.cfs_period_us */

static const struct member *limit_member(const struct job *job, const char *name)
{
	const struct node *limits = node_get(node_get(node_get(job->service->node, "deploy"), "resources"), "limits");

	return node_member(limits, name);
}

static void set_memory(struct job *job, const struct member *member, const char *key)
{
	const char *text = node_text(member->value);
	ct_autobuf out = CT_BUF_INIT;
	int64_t bytes;

	if (!text)
		return;
	if (!memory_size(text, &bytes)) {
		lose(job, member->place, key, text, "expected a size such as 512m or 1.5g");
		return;
	}
	/* 0 is no limit. */
	if (bytes == 0)
		return;
	append_memory(&out, bytes);
	output_text(&job->all->output, job->component, PROPERTY_MEMORY, SHAPE_ONE,
		    (struct cause){ member->place, key, NULL }, out.data);
}

static bool says_the_same_memory(const struct member *one, const struct member *other)
{
	int64_t first, second;

	return node_text(one->value) && node_text(other->value) && memory_size(one->value->text, &first) &&
	       memory_size(other->value->text, &second) && first == second;
}

void convert_memory(struct job *job, const struct member *member)
{
	const struct member *limit = limit_member(job, "memory");

	if (!limit)
		set_memory(job, member, "mem_limit");
	else if (!says_the_same_memory(member, limit))
		lose(job, member->place, "mem_limit", NULL,
		     "deploy.resources.limits.memory says something else, and is taken");
}

static void set_cores(struct job *job, struct cause cause, int64_t millicores)
{
	ct_autobuf out = CT_BUF_INIT;

	if (millicores <= 0)
		return;
	append_cores(&out, millicores);
	output_text(&job->all->output, job->component, PROPERTY_CPU, SHAPE_ONE, cause, out.data);
}

static void set_cpus(struct job *job, const struct member *member, const char *key)
{
	const char *text = node_text(member->value);
	int64_t millicores;

	if (!text)
		return;
	if (cores_number(text, &millicores))
		set_cores(job, (struct cause){ member->place, key, NULL }, millicores);
	else
		lose(job, member->place, key, text, "expected a number of processors such as 0.5");
}

void convert_cpus(struct job *job, const struct member *member)
{
	const struct member *limit = limit_member(job, "cpus");

	if (!limit)
		set_cpus(job, member, "cpus");
	else if (!node_text(limit->value) || !node_text(member->value) ||
		 strcmp(limit->value->text, member->value->text) != 0)
		lose(job, member->place, "cpus", NULL,
		     "deploy.resources.limits.cpus says something else, and is taken");
}

static bool has_cpus(const struct job *job)
{
	return node_get(job->service->node, "cpus") || limit_member(job, "cpus");
}

void convert_cpu_quota(struct job *job, const struct member *member)
{
	const struct member *quota = node_member(job->service->node, "cpu_quota");
	const struct node *period = node_get(job->service->node, "cpu_period");
	int64_t quota_us, period_us = DEFAULT_PERIOD;

	/* The two are one limit, which is set once. */
	if (member != quota) {
		if (!quota)
			lose(job, member->place, "cpu_period", NULL, "without cpu_quota it limits nothing");
		return;
	}
	if (!node_text(quota->value) || strcmp(node_text(quota->value), "-1") == 0)
		return;
	if (has_cpus(job)) {
		lose(job, member->place, "cpu_quota", NULL, "'cpus' is given too, and is taken");
		return;
	}
	if (!whole_number(quota->value->text, &quota_us) ||
	    (node_text(period) && (!whole_number(node_text(period), &period_us) || period_us == 0)) ||
	    quota_us > (int64_t)1e12) {
		lose(job, member->place, "cpu_quota", NULL, "expected microseconds");
		return;
	}
	set_cores(job, (struct cause){ member->place, "cpu_quota", NULL },
		  (quota_us * 1000 + period_us - 1) / period_us);
}

void convert_cpu_shares(struct job *job, const struct member *member)
{
	const char *text = node_text(member->value);
	int64_t shares;

	if (!text || strcmp(text, "0") == 0)
		return;
	if (has_cpus(job) || node_get(job->service->node, "cpu_quota"))
		lose(job, member->place, "cpu_shares", NULL,
		     "'cpu' is a limit or a share, not both; the limit is taken");
	else if (whole_number(text, &shares))
		output_add(&job->all->output, job->component, PROPERTY_CPU, SHAPE_ONE,
			   (struct cause){ member->place, "cpu_shares", NULL },
			   ct_arena_printf(job->all->arena, "%lld", (long long)shares));
	else
		lose(job, member->place, "cpu_shares", NULL, "expected a number");
}

/* 0 and -1 are no limit there; here that is not to be had, so the usual one stays. */
static void set_pids(struct job *job, const struct member *member, const char *key)
{
	const char *text = node_text(member->value);
	int64_t count;

	if (!text || strcmp(text, "0") == 0 || strcmp(text, "-1") == 0)
		return;
	if (whole_number(text, &count))
		output_add(&job->all->output, job->component, PROPERTY_PIDS, SHAPE_ONE,
			   (struct cause){ member->place, key, NULL },
			   ct_arena_printf(job->all->arena, "%lld", (long long)count));
	else
		lose(job, member->place, key, text, "expected a number of processes");
}

void convert_pids(struct job *job, const struct member *member)
{
	const struct member *limit = limit_member(job, "pids");

	if (!limit)
		set_pids(job, member, "pids_limit");
	else if (!node_text(limit->value) || !node_text(member->value) ||
		 strcmp(limit->value->text, member->value->text) != 0)
		lose(job, member->place, "pids_limit", NULL,
		     "deploy.resources.limits.pids says something else, and is taken");
}

static void set_restart(struct job *job, struct cause cause, const char *policy)
{
	output_text(&job->all->output, job->component, PROPERTY_RESTART, SHAPE_ONE, cause, policy);
}

void convert_restart(struct job *job, const struct member *member)
{
	const char *text = node_text(member->value);
	struct cause cause = { member->place, "restart", text };

	if (!text || node_is_false(member->value) || !*text)
		return;
	if (node_get(node_get(job->service->node, "deploy"), "restart_policy")) {
		lose(job, member->place, "restart", NULL, "deploy.restart_policy is given too, and is taken");
		return;
	}
	if (strcmp(text, "unless-stopped") == 0)
		text = "always";
	/* No number is no bound. */
	set_restart(job, cause, strcmp(text, "on-failure:0") == 0 ? "on-failure" : text);
}

static void convert_restart_policy(struct job *job, const struct member *member)
{
	static const char *const known[] = { "condition", "max_attempts", NULL };
	const struct node *policy = member->value;
	const char *condition = node_text(node_get(policy, "condition"));
	const struct member *attempts = node_member(policy, "max_attempts");
	const char *count = attempts ? node_text(attempts->value) : NULL;
	bool bounded = count && strcmp(count, "0") != 0;
	struct cause cause = { member->place, "deploy.restart_policy", condition };

	lose_others(job, policy, "deploy.restart_policy", known,
		    "the pause doubles from 100 ms to 60 s and begins anew after 10 s of running");
	if (condition && strcmp(condition, "none") == 0)
		return;
	if (condition && strcmp(condition, "on-failure") == 0) {
		set_restart(job, cause, bounded ? ct_arena_printf(job->all->arena, "on-failure:%s", count) : condition);
		return;
	}
	set_restart(job, cause, !condition || strcmp(condition, "any") == 0 ? "always" : condition);
	if (bounded)
		lose(job, attempts->place, "deploy.restart_policy.max_attempts", NULL,
		     "a number of restarts needs the condition on-failure");
}

static void convert_resources(struct job *job, const struct node *resources)
{
	static const char *const known[] = { "limits", NULL }, *const limits[] = { "memory", "cpus", "pids", NULL };
	const struct member *member;

	lose_others(job, resources, "deploy.resources", known,
		    "nothing is reserved; 'memory' and 'cpu' are upper limits");
	lose_others(job, node_get(resources, "limits"), "deploy.resources.limits", limits,
		    "containust has no such limit; it limits memory, cpu and pids");
	member = limit_member(job, "memory");
	if (member)
		set_memory(job, member, "deploy.resources.limits.memory");
	member = limit_member(job, "cpus");
	if (member)
		set_cpus(job, member, "deploy.resources.limits.cpus");
	member = limit_member(job, "pids");
	if (member)
		set_pids(job, member, "deploy.resources.limits.pids");
}

static void convert_mode(struct job *job, const struct member *mode)
{
	const char *text = node_text(mode->value);

	if (text && strcmp(text, "replicated") != 0)
		lose(job, mode->place, "deploy.mode", NULL,
		     "there is one machine; 'deploy.replicas' makes copies on it");
}

void convert_deploy(struct job *job, const struct member *member)
{
	static const struct {
		const char *name, *reason;
	} lost[] = {
		{ "endpoint_mode", "there is no load balancing between copies; put a proxy in front" },
		{ "labels", "containers have no labels; select them by component name" },
		{ "placement", "there is one machine" },
		{ "rollback_config", "'ctst run' has no rollout steps; run the older file to go back" },
		{ "update_config", "'ctst run' replaces what has changed, each container after what it needs" },
	};

	node_each(part, member->value) {
		const char *reason = "compose has no such key";

		if (node_is_null(part->value) || strcmp(part->key, "replicas") == 0 || strncmp(part->key, "x-", 2) == 0)
			continue;
		if (strcmp(part->key, "resources") == 0) {
			convert_resources(job, part->value);
			continue;
		}
		if (strcmp(part->key, "restart_policy") == 0) {
			convert_restart_policy(job, part);
			continue;
		}
		if (strcmp(part->key, "mode") == 0) {
			convert_mode(job, part);
			continue;
		}
		for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++) {
			if (strcmp(lost[i].name, part->key) == 0)
				reason = lost[i].reason;
		}
		lose(job, part->place, ct_arena_printf(job->all->arena, "deploy.%s", part->key), NULL, "%s", reason);
	}
}

/* replicas_of() has looked at it. */
void convert_scale(struct job *job, const struct member *member)
{
	if (node_get(node_get(job->service->node, "deploy"), "replicas"))
		lose(job, member->place, "scale", NULL, "deploy.replicas is given too, and is taken");
}
