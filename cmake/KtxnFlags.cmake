# Warnings, hardening and instrumentation, as one interface target that every target of the project links.
add_library(ktxn_flags INTERFACE)
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

target_compile_definitions(ktxn_flags INTERFACE _GNU_SOURCE)
target_compile_options(ktxn_flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wvla -Wformat=2 -Wundef -Wcast-align -Wnull-dereference
  -Wdouble-promotion
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition>
  -fno-strict-overflow -fno-delete-null-pointer-checks -fstack-protector-strong
  # absolute paths of the build tree stay out of the objects
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)

if(KTXN_SANITIZE)
  target_compile_options(ktxn_flags INTERFACE -fsanitize=${KTXN_SANITIZE} -fno-omit-frame-pointer -g
                                              -fno-sanitize-recover=all)
  target_link_options(ktxn_flags INTERFACE -fsanitize=${KTXN_SANITIZE})
else()
  target_compile_options(ktxn_flags INTERFACE $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2 -g1>)
endif()
if(KTXN_COVERAGE)
  target_compile_options(ktxn_flags INTERFACE --coverage -O0 -g)
  target_link_options(ktxn_flags INTERFACE --coverage)
endif()
if(KTXN_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "KTXN_FUZZ needs clang: configure with -DCMAKE_C_COMPILER=clang")
  endif()
  target_compile_options(ktxn_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
