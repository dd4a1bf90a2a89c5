# SPDX-License-Identifier: Apache-2.0
# How every target here is built: one set of warnings, one include root, one way to declare a test.
find_package(PkgConfig REQUIRED)
pkg_check_modules(UV REQUIRED IMPORTED_TARGET libuv)
pkg_check_modules(LWS REQUIRED IMPORTED_TARGET libwebsockets)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET libcjson)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(NL REQUIRED IMPORTED_TARGET libnl-3.0 libnl-route-3.0)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto libssl)
pkg_check_modules(BPF REQUIRED IMPORTED_TARGET libbpf)
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)

option(ESCAPE_FUZZ "Build libFuzzer targets (needs clang)" OFF)
option(ESCAPE_COVERAGE "Instrument for coverage" OFF)
set(ESCAPE_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined or thread")

add_library(escape_flags INTERFACE)
target_include_directories(escape_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/lib)
target_compile_definitions(escape_flags INTERFACE _GNU_SOURCE _FILE_OFFSET_BITS=64
                                                  ESCAPE_VERSION="${PROJECT_VERSION}")
target_compile_options(escape_flags INTERFACE -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes
                                              -Wmissing-prototypes -Wvla -fno-common
                                              -fstack-protector-strong)
if(ESCAPE_SANITIZE)
  target_compile_options(escape_flags INTERFACE -fsanitize=${ESCAPE_SANITIZE} -fno-sanitize-recover=all
                                                -fno-omit-frame-pointer)
  target_link_options(escape_flags INTERFACE -fsanitize=${ESCAPE_SANITIZE})
endif()
if(ESCAPE_FUZZ)
  target_compile_options(escape_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(ESCAPE_COVERAGE)
  target_compile_options(escape_flags INTERFACE --coverage)
  target_link_options(escape_flags INTERFACE --coverage)
endif()

# A test that hangs is ended; one that a sanitizer makes thirty times slower on a busy machine is not.
set(ESCAPE_TEST_TIMEOUT 120)
if(ESCAPE_SANITIZE OR ESCAPE_COVERAGE)
  set(ESCAPE_TEST_TIMEOUT 900)
endif()

# escape_library(NAME SOURCES a.c ... LIBS public-libs ... PRIVATE private-libs ...)
function(escape_library name)
  cmake_parse_arguments(A "" "" "SOURCES;LIBS;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${A_SOURCES})
  target_link_libraries(${name} PUBLIC escape_flags ${A_LIBS} PRIVATE ${A_PRIVATE})
endfunction()

# escape_test(NAME SOURCES a.c ... LIBS libs ... LABELS unit|component|privileged ...)
# A test that exits 77 is reported as skipped, never as passed.
function(escape_test name)
  cmake_parse_arguments(A "" "" "SOURCES;LIBS;LABELS" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  target_link_libraries(${name} PRIVATE escape_flags ${A_LIBS} PkgConfig::CMOCKA)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${A_LABELS}" SKIP_RETURN_CODE 77 TIMEOUT ${ESCAPE_TEST_TIMEOUT}
    ENVIRONMENT "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/tsan.supp")
endfunction()

# escape_fuzz(NAME SOURCES fuzz_x.c LIBS libs CORPUS dir): a libFuzzer binary in the fuzz preset; in
# every other preset the same LLVMFuzzerTestOneInput replays the corpus as a ctest case.
function(escape_fuzz name)
  cmake_parse_arguments(A "" "CORPUS" "SOURCES;LIBS" ${ARGN})
  if(ESCAPE_FUZZ)
    add_executable(${name} ${A_SOURCES})
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(${name} ${A_SOURCES} ${CMAKE_SOURCE_DIR}/tests/fuzz/replay.c)
  endif()
  target_link_libraries(${name} PRIVATE escape_flags ${A_LIBS})
  add_test(NAME ${name} COMMAND ${name} -runs=0 ${A_CORPUS})
  set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT ${ESCAPE_TEST_TIMEOUT})
endfunction()
