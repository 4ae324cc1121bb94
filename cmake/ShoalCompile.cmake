# Compiler settings that every target of ours shares, in the target shoal_compile.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

find_program(SHOAL_CCACHE ccache)
if(SHOAL_CCACHE)
    # Precompiled headers need the first two tolerances to be cacheable at all. Paths relative to
    # the source folder let several clones on one machine share what was compiled.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${CMAKE_COMMAND} -E env
        CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
        CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${SHOAL_CCACHE})
endif()

add_library(shoal_compile INTERFACE)
target_compile_options(shoal_compile INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wold-style-cast
    -Wnon-virtual-dtor -Woverloaded-virtual -Wno-missing-field-initializers -Werror
    $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
# g++ 12 reports false positives of these kinds inside the standard library when it optimises.
target_compile_options(shoal_compile INTERFACE
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread
    -Wno-array-bounds -Wno-dangling-pointer>)
# The standard library's own stable_sort calls what it has marked deprecated, which clang shows.
target_compile_options(shoal_compile INTERFACE $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>)

if(SHOAL_SANITIZE)
    # -O1 keeps the sanitized tests quick; frame pointers keep their stack traces whole.
    target_compile_options(shoal_compile INTERFACE
        -fsanitize=${SHOAL_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -O1 -g1)
    target_link_options(shoal_compile INTERFACE -fsanitize=${SHOAL_SANITIZE})
endif()
if(SHOAL_FUZZ)
    target_compile_options(shoal_compile INTERFACE -fsanitize=fuzzer-no-link)
endif()
