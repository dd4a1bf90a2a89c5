# SPDX-License-Identifier: Apache-2.0
# escape_bpf(NAME x.bpf.c [DEPENDS headers...]): compiles a CO-RE object with clang and makes x.skel.h; link the INTERFACE
# target NAME to include it. The kernel types are our own small declarations, so no vmlinux.h is dumped.
find_program(CLANG_BPF NAMES clang-14 clang REQUIRED)
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin REQUIRED)

function(escape_bpf name source)
  cmake_parse_arguments(A "" "" "DEPENDS" ${ARGN})
  get_filename_component(base ${source} NAME)
  string(REPLACE ".bpf.c" "" base ${base})
  set(obj ${CMAKE_CURRENT_BINARY_DIR}/${base}.bpf.o)
  set(skel ${CMAKE_CURRENT_BINARY_DIR}/${base}.skel.h)
  set(src ${CMAKE_CURRENT_SOURCE_DIR}/${source})
  add_custom_command(
    OUTPUT ${obj}
    COMMAND ${CLANG_BPF} -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -Wall -Wextra -Werror -I${CMAKE_SOURCE_DIR}/lib
            -I${CMAKE_SOURCE_DIR} -I/usr/include/${CMAKE_C_LIBRARY_ARCHITECTURE} -c ${src} -o ${obj}
    DEPENDS ${src} ${A_DEPENDS})
  add_custom_command(OUTPUT ${skel} COMMAND ${BPFTOOL} gen skeleton ${obj} name ${base}_bpf > ${skel} DEPENDS ${obj} VERBATIM)
  add_custom_target(${name}_skel DEPENDS ${skel})
  add_library(${name} INTERFACE)
  add_dependencies(${name} ${name}_skel)
  target_include_directories(${name} SYSTEM INTERFACE ${CMAKE_CURRENT_BINARY_DIR})
  target_link_libraries(${name} INTERFACE PkgConfig::BPF)
endfunction()
