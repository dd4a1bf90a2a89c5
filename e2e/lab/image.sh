# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Images: one per folder with a Containerfile, below e2e/images and e2e/demo, and those that are asked for by their path;
# local/FOLDER:TAG (TAG: the file "tag", else 1). Files beside the Containerfile are its build context, and two optional ones add to it:
#   files      lines "PATH NAME": BUILD_DIR/PATH becomes NAME in the context
#   build.sh   called with the context's folder, makes what can be made without BUILD_DIR
# base.tar, the small Debian tree, is in each context that names it, and so is debian.tar, the one with a package manager.
# An image whose context and whose FROM did not change is not built again.

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

# image_folder NAME|PATH
image_folder() {
	local folder
	if [[ $1 == */* ]]; then
		[[ -f $1/Containerfile ]] || die "no Containerfile in $1"
		(cd "$1" && pwd)
		return
	fi
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

# The stamp of the image that this one is made from.
image_parent() {
	local parent
	parent=$(sed -n 's,^FROM docker.io/local/\([^:]*\):.*,\1,p' "$1/Containerfile")
	[[ -z $parent ]] || cat "$IMAGES/$parent.stamp" 2>/dev/null || die "image ${1##*/} is made from $parent, which is not built yet"
}

# image_trees FOLDER: the trees that its Containerfile names.
image_trees() {
	! grep -q 'base\.tar' "$1/Containerfile" || cache_base_tar
	! grep -q 'debian\.tar' "$1/Containerfile" || cache_debian_tar
}

# image_build FOLDER BUILD_DIR: one at a time, whichever lab it is for.
image_build() {
	with_lock images image_build_alone "$@"
}

image_build_alone() {
	local folder=$1 name=${1##*/} build=$2 work reference stamp begin trees tree
	reference=$(image_reference "$folder")
	image_check_storage
	work=$CACHE/tmp.image-$name
	rm -rf "$work"
	mkdir -p "$work/context" "$IMAGES"
	image_context "$folder" "$work/context" "$build"
	trees=$(image_trees "$folder")
	stamp=$(stamp_of "$reference" "$trees" "$(image_parent "$folder")" -- \
		<(tar -C "$work/context" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -c .))
	if [[ -f $IMAGES/$name.tar && $(cat "$IMAGES/$name.stamp" 2>/dev/null) == "$stamp" ]]; then
		rm -rf "$work"
		return
	fi
	begin=${EPOCHREALTIME/./}
	# Working containers of a killed build.
	image_buildah rm --all >/dev/null
	for tree in $trees; do
		[[ $tree != */debian.tar ]] || cache_need "${tree%/*}" tree_build_debian
		ln "$tree" "$work/context/"
	done
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
	local node=$1 file=$2
	node_enter "$node" ctr -n k8s.io images import --local --digests=false - <"$file" >/dev/null
}

# image_load_missing NODE [FOLDER...]: loads what is built and not on the node yet; of all images when no folder is named.
image_load_missing() {
	local node=$1 folder name loaded
	local folders=("${@:2}")
	((${#folders[@]})) || mapfile -t folders < <(image_folders)
	loaded=$(node_disk "$node")/loaded
	for folder in "${folders[@]}"; do
		name=${folder##*/}
		[[ -f $IMAGES/$name.stamp ]] || continue
		vmnode_wants_image "$node" "$name" || continue
		! cmp -s "$IMAGES/$name.stamp" "$loaded/$name" || continue
		image_load_file "$node" "$IMAGES/$name.tar"
		cp "$IMAGES/$name.stamp" "$loaded/$name"
	done
}

on_live_nodes() {
	local node pids=() pid rc=0 command=$1
	shift
	for node in "${NODES[@]}"; do
		proc_alive "$node" || continue
		"$command" "$node" "$@" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || rc=1
	done
	return "$rc"
}

# lab_images [BUILD_DIR [FOLDER...]]
lab_images() {
	local build=${1:-} folder name folders=()
	cache_prepare
	[[ -z $build ]] || build=$(cd "$build" && pwd) || die "no build directory $1"
	shift $(($# > 0 ? 1 : 0))
	if (($# > 0)); then
		for name in "$@"; do
			folder=$(image_folder "$name")
			image_build "$folder" "$build"
			folders+=("$folder")
		done
	else
		while read -r folder; do
			image_build "$folder" "$build" </dev/null
		done < <(image_folders)
	fi
	on_live_nodes image_load_missing "${folders[@]}" || die "an image could not be loaded"
}

lab_load() {
	local file=${1:-}
	[[ -f $file ]] || die "no image archive '$file'"
	on_live_nodes image_load_file "$file" || die "$file could not be loaded"
}
