# Language level, warnings, sanitizers and the linker, for every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# -g1: line tables for stack traces and sanitizers, at a fraction of full debug
# information's size (libtorch objects are large).
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")

add_compile_options(-Wall -Wextra -Wno-unused-parameter)

set(STAGEBEAM_SANITIZE "" CACHE STRING "Value of -fsanitize=, empty for none")
if(STAGEBEAM_SANITIZE)
  add_compile_options(-fsanitize=${STAGEBEAM_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${STAGEBEAM_SANITIZE})
  if(STAGEBEAM_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()

find_program(STAGEBEAM_MOLD mold)
if(STAGEBEAM_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
