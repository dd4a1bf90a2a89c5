/* SPDX-License-Identifier: Apache-2.0 */
#include <api/pod.h>
#include <base/cleanup.h>
#include <base/str.h>
#include <errno.h>
#include <string.h>

static int refuse(struct err *e, const char *reason, const char *why)
{
	return err_set(e, -ENOTSUP, reason, "%s", why);
}

static int namespaces_check(const struct json *spec, struct err *e)
{
	if (json_bool_at(spec, "hostNetwork", false))
		return refuse(e, "HostNetwork", "spec.hostNetwork: the pod's connections are the node's own");
	if (json_bool_at(spec, "hostPID", false))
		return refuse(e, "HostPID", "spec.hostPID: process ids of the node cannot be restored");
	if (json_bool_at(spec, "hostIPC", false))
		return refuse(e, "HostIPC", "spec.hostIPC: shared memory of the node cannot be restored");
	if (json_bool_at(spec, "shareProcessNamespace", false))
		return refuse(e, "SharedProcessNamespace",
			"spec.shareProcessNamespace: containers that see each other's processes cannot be "
			"dumped one by one");
	if (!json_bool_at(spec, "hostUsers", true))
		return refuse(e, "HostUsers",
			"spec.hostUsers is false: processes of a user namespace of their own can be dumped, "
			"but "
			"their restore cannot enter the network namespace of the pod's sandbox");
	return 0;
}

/* A whole device, e.g. nvidia.com/gpu: its state is outside the processes. */
static bool asks_for_device(const struct json *container)
{
	json_foreach(limit, json_at(container, "resources.limits"))
	{
		if (strchr(json_key(limit), '/'))
			return true;
	}
	return json_len(json_at(container, "resources.claims")) > 0;
}

static int container_check(const struct json *c, struct err *e)
{
	const char *name = json_str_at(c, "name", "");

	if (json_bool_at(c, "tty", false))
		return err_set(e, -ENOTSUP, "Terminal",
			"container %s: tty is true, and a terminal cannot be restored", name);
	if (json_len(json_member(c, "volumeDevices")))
		return err_set(e, -ENOTSUP, "BlockVolume",
			"container %s: volumeDevices, and open block devices cannot be dumped", name);
	if (asks_for_device(c))
		return err_set(e, -ENOTSUP, "DeviceResources",
			"container %s: asks for a device, whose state cannot be dumped", name);
	return 0;
}

static int containers_check(const struct json *spec, struct err *e)
{
	const struct json *lists[] = {json_member(spec, "containers"), json_member(spec, "initContainers")};
	size_t n = json_len(lists[0]) + json_len(lists[1]);

	if (n > POD_CONTAINERS_MAX)
		return err_set(e, -ENOTSUP, "TooManyContainers",
			"the pod has %zu containers, at most %d can be guarded", n, POD_CONTAINERS_MAX);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		json_foreach(c, lists[i])
		{
			int rc = container_check(c, e);

			if (rc)
				return rc;
		}
	return 0;
}

/* Kinds of volumes whose contents stay on the old node or are bound to the old pod. */
static const struct {
	const char *key, *reason, *why;
} STAYS_BEHIND[] = {
	{"hostPath", "HostPathVolume", "files of the node stay on the node; use a volume that all nodes see"},
	{"local", "HostPathVolume", "files of the node stay on the node; use a volume that all nodes see"},
	{"emptyDir", "EmptyDirVolume",
		"its files would stay on the old node; use the container's own files or a claim"},
	{"ephemeral", "EphemeralVolume", "it is bound to the old pod and deleted with it"},
	{"csi", "EphemeralVolume", "an inline CSI volume is bound to the old pod and deleted with it"},
	{"awsElasticBlockStore", "ReadWriteOnceVolume", "only one node can attach it at a time"},
	{"azureDisk", "ReadWriteOnceVolume", "only one node can attach it at a time"},
	{"cinder", "ReadWriteOnceVolume", "only one node can attach it at a time"},
	{"fc", "ReadWriteOnceVolume", "only one node can attach it at a time"},
	{"gcePersistentDisk", "ReadWriteOnceVolume", "only one node can attach it at a time"},
	{"iscsi", "ReadWriteOnceVolume", "only one node can attach it at a time"},
	{"rbd", "ReadWriteOnceVolume", "only one node can attach it at a time"},
	{"vsphereVolume", "ReadWriteOnceVolume", "only one node can attach it at a time"},
};

static int volumes_check(const struct json *spec, struct err *e)
{
	json_foreach(volume, json_member(spec, "volumes"))
	{
		for (size_t i = 0; i < ARRAY_LEN(STAYS_BEHIND); i++)
			if (json_member(volume, STAYS_BEHIND[i].key))
				return err_set(e, -ENOTSUP, STAYS_BEHIND[i].reason, "volume %s is %s: %s",
					json_str_at(volume, "name", ""), STAYS_BEHIND[i].key,
					STAYS_BEHIND[i].why);
	}
	return 0;
}

/* Only where the successor may have another name and the owner can be made to count right. */
static int owner_check(const struct json *obj, struct err *e)
{
	json_foreach(owner, json_at(obj, "metadata.ownerReferences"))
	{
		const char *kind = json_str_at(owner, "kind", "");

		if (json_bool_at(owner, "controller", false) && !str_eq(kind, "ReplicaSet"))
			return err_set(e, -ENOTSUP, "OwnerNotMovable",
				"the pod belongs to a %s; pods of a ReplicaSet and bare pods can move", kind);
	}
	return 0;
}

int pod_preflight(const struct json *obj, bool for_move, struct err *e)
{
	const struct json *spec = json_member(obj, "spec");
	int rc;

	rc = namespaces_check(spec, e);
	if (!rc)
		rc = containers_check(spec, e);
	if (!rc && for_move)
		rc = owner_check(obj, e);
	if (!rc && for_move)
		rc = volumes_check(spec, e);
	return rc;
}
