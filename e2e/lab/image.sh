# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Images: one per folder with a Containerfile, below e2e/images and e2e/demo; local/FOLDER:TAG (TAG: the file "tag",
# else 1). Files beside the Containerfile are its build context, and two optional ones add to it:
#   files      lines "PATH NAME": BUILD_DIR/PATH becomes NAME in the context
#   build.sh   called with the context's folder, makes what can be made without BUILD_DIR
# base.tar, the small Debian tree, is in each context that names it. An image whose context did not change is not built again.

IMAGES=$CACHE/images

image_buildah() {
	buildah --root "$CACHE/buildah/root" --runroot "$CACHE/buildah/run" --storage-driver vfs "$@"
}

# base first: others may be FROM it.
image_folders() {
	local file
	[[ ! -f $LAB_SRC/../images/base/Containerfile ]] || echo "$LAB_SRC/../images/base"
	for file in "$LAB_SRC"/../images/*/Containerfile "$LAB_SRC"/../demo/*/Containerfile; do
		[[ ! -f $file || $file == */images/base/* ]] || echo "${file%/*}"
	done
}

image_folder() {
	local folder
	while read -r folder; do
		[[ ${folder##*/} != "$1" ]] || echo "$folder"
	done < <(image_folders) | grep . || die "no image '$1' below e2e/images or e2e/demo"
}

image_reference() {
	local tag=1
	[[ ! -f $1/tag ]] || read -r tag <"$1/tag"
	echo "docker.io/local/${1##*/}:$tag"
}

image_context() {
	local folder=$1 context=$2 build=$3 path name
	cp -a "$folder/." "$context/"
	rm -f "$context"/{files,tag,build.sh}
	if [[ -f $folder/files ]]; then
		[[ -n $build ]] || die "image ${folder##*/} needs the build directory (lab images BUILD_DIR)"
		while read -r path name; do
			[[ -n $path && $path != \#* ]] || continue
			[[ -f $build/$path ]] || die "image ${folder##*/}: $build/$path is missing (not built yet?)"
			install -m 755 "$build/$path" "$context/$name"
		done <"$folder/files"
	fi
	[[ ! -f $folder/build.sh ]] || "$folder/build.sh" "$context"
}

# The archives' stamps say nothing once the layers they share are gone.
image_check_storage() {
	[[ -d $CACHE/buildah/root ]] || rm -f "$IMAGES"/*.stamp
}

# image_build FOLDER BUILD_DIR
image_build() {
	local folder=$1 name=${1##*/} build=$2 work reference stamp begin
	reference=$(image_reference "$folder")
	image_check_storage
	work=$CACHE/tmp.image-$name
	rm -rf "$work"
	mkdir -p "$work/context" "$IMAGES"
	image_context "$folder" "$work/context" "$build"
	stamp=$(stamp_of "$reference" "$(cache_base_tar)" -- \
		<(tar -C "$work/context" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -c .))
	if [[ -f $IMAGES/$name.tar && $(cat "$IMAGES/$name.stamp" 2>/dev/null) == "$stamp" ]]; then
		rm -rf "$work"
		return
	fi
	begin=${EPOCHREALTIME/./}
	# Working containers of a killed build.
	image_buildah rm --all >/dev/null
	if grep -q 'base\.tar' "$folder/Containerfile"; then
		ln "$(cache_base_tar)" "$work/context/base.tar"
	fi
	image_buildah bud --quiet --isolation chroot --pull-never --timestamp 0 --tag "$reference" \
		--file "$work/context/Containerfile" "$work/context" >/dev/null
	image_buildah push --quiet "$reference" "docker-archive:$work/image.tar:$reference"
	image_buildah rmi --prune >/dev/null 2>&1 || true
	rm -f "$IMAGES/$name.stamp"
	mv "$work/image.tar" "$IMAGES/$name.tar"
	echo "$stamp" >"$IMAGES/$name.stamp"
	rm -rf "$work"
	say "built $reference in $(((${EPOCHREALTIME/./} - begin) / 1000)) ms"
}

image_load_file() {
	local file=$1 node=$2
	node_enter "$node" ctr -n k8s.io images import --local --digests=false - <"$file" >/dev/null
}

# Loads what this checkout's folders name, is built, and is not on the node yet.
image_load_missing() {
	local node=$1 folder name loaded
	loaded=$(node_disk "$node")/loaded
	while read -r folder; do
		name=${folder##*/}
		[[ -f $IMAGES/$name.stamp ]] || continue
		! cmp -s "$IMAGES/$name.stamp" "$loaded/$name" || continue
		image_load_file "$IMAGES/$name.tar" "$node"
		cp "$IMAGES/$name.stamp" "$loaded/$name"
	done < <(image_folders)
}

on_live_nodes() {
	local node pids=() pid rc=0
	for node in "${NODES[@]}"; do
		proc_alive "$node" || continue
		"$@" "$node" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || rc=1
	done
	return "$rc"
}

# lab_images [BUILD_DIR [FOLDER...]]
lab_images() {
	local build=${1:-} folder name
	cache_prepare
	[[ -z $build ]] || build=$(cd "$build" && pwd) || die "no build directory $1"
	shift $(($# > 0 ? 1 : 0))
	if (($# > 0)); then
		for name in "$@"; do
			folder=$(image_folder "$name")
			image_build "$folder" "$build"
		done
	else
		while read -r folder; do
			image_build "$folder" "$build" </dev/null
		done < <(image_folders)
	fi
	on_live_nodes image_load_missing || die "an image could not be loaded"
}

lab_load() {
	local file=${1:-}
	[[ -f $file ]] || die "no image archive '$file'"
	on_live_nodes image_load_file "$file" || die "$file could not be loaded"
}
