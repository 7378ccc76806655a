# The three kinds of target. Rooms link only what they name, so an include that
# the architecture forbids does not compile.

# stagebeam_library(NAME room [SRCS ...] [PUBLIC ...] [PRIVATE ...])
# A room under libs/: target stagebeam_<NAME>, alias stagebeam::<NAME>.
function(stagebeam_library)
  cmake_parse_arguments(ARG "" "NAME" "SRCS;PUBLIC;PRIVATE" ${ARGN})
  if(ARG_SRCS)
    add_library(stagebeam_${ARG_NAME} STATIC ${ARG_SRCS})
    target_include_directories(stagebeam_${ARG_NAME} PUBLIC ${CMAKE_SOURCE_DIR})
    target_link_libraries(stagebeam_${ARG_NAME} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
  else()
    add_library(stagebeam_${ARG_NAME} INTERFACE)
    target_include_directories(stagebeam_${ARG_NAME} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(stagebeam_${ARG_NAME} INTERFACE ${ARG_PUBLIC})
  endif()
  add_library(stagebeam::${ARG_NAME} ALIAS stagebeam_${ARG_NAME})
endfunction()

# stagebeam_program(NAME name [OUTPUT file] SRCS ... [DEPS ...])
# An executable, placed in <build>/bin, and installed by the component of its
# target's name.
function(stagebeam_program)
  cmake_parse_arguments(ARG "" "NAME;OUTPUT" "SRCS;DEPS" ${ARGN})
  add_executable(${ARG_NAME} ${ARG_SRCS})
  target_include_directories(${ARG_NAME} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${ARG_NAME} PRIVATE ${ARG_DEPS})
  set_target_properties(${ARG_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  if(ARG_OUTPUT)
    set_target_properties(${ARG_NAME} PROPERTIES OUTPUT_NAME ${ARG_OUTPUT})
  endif()
  install(TARGETS ${ARG_NAME} RUNTIME DESTINATION bin COMPONENT ${ARG_NAME})
endfunction()

# stagebeam_test(NAME name SRCS ... [DEPS ...] [TIMEOUT s] [LABELS ...])
# A GoogleTest program, one ctest entry each. It runs in the source directory
# and finds the built programs through STAGEBEAM_BIN.
function(stagebeam_test)
  cmake_parse_arguments(ARG "" "NAME;TIMEOUT" "SRCS;DEPS;LABELS" ${ARGN})
  add_executable(${ARG_NAME} ${ARG_SRCS})
  target_include_directories(${ARG_NAME} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${ARG_NAME} PRIVATE ${ARG_DEPS} GTest::gmock_main)
  set_target_properties(${ARG_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  set_tests_properties(${ARG_NAME} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}"
    ENVIRONMENT "STAGEBEAM_BIN=${CMAKE_BINARY_DIR}/bin;STAGEBEAM_SOURCE=${CMAKE_SOURCE_DIR};OMP_WAIT_POLICY=passive")
endfunction()
