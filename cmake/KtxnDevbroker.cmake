# The embedded broker: a library and a program of its own, which share nothing with the client but sdk/base, sdk/os and sdk/net.
set(broker_objects $<TARGET_OBJECTS:ktxn_broker_objects> $<TARGET_OBJECTS:ktxn_common_objects>)

add_library(ktxn_devbroker SHARED ${broker_objects})
target_link_libraries(ktxn_devbroker PRIVATE ktxn_flags ktxn_crc Threads::Threads)
set(KTXN_DEVBROKER_SCRIPT ${CMAKE_SOURCE_DIR}/cmake/ktxn-devbroker.map)
target_link_options(ktxn_devbroker PRIVATE -Wl,--version-script=${KTXN_DEVBROKER_SCRIPT}
                    -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed -Wl,--no-undefined)
set_target_properties(ktxn_devbroker PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION 0 LINK_DEPENDS ${KTXN_DEVBROKER_SCRIPT})
if(KTXN_SANITIZE AND CMAKE_C_COMPILER_ID MATCHES Clang)
  set_property(TARGET ktxn_devbroker APPEND PROPERTY LINK_OPTIONS -Wl,-z,undefs)
endif()

add_library(ktxn_devbroker_static STATIC ${broker_objects})
target_link_libraries(ktxn_devbroker_static PUBLIC Threads::Threads $<BUILD_INTERFACE:ktxn_crc>)
foreach(library ktxn_devbroker ktxn_devbroker_static)
  target_include_directories(${library} PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>
                                               $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  set_target_properties(${library} PROPERTIES OUTPUT_NAME ktxn-devbroker)
endforeach()

file(GLOB KTXN_BROKER_PROGRAM_SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/sdk/devbroker/program/*.c)
add_executable(ktxn_devbroker_program ${KTXN_BROKER_PROGRAM_SOURCES})
target_include_directories(ktxn_devbroker_program PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(ktxn_devbroker_program PRIVATE ktxn_flags ktxn_devbroker_static)
set_target_properties(ktxn_devbroker_program PROPERTIES OUTPUT_NAME ktxn-devbroker)

configure_file(cmake/ktxn-devbroker.pc.in ${CMAKE_BINARY_DIR}/ktxn-devbroker.pc @ONLY)
install(TARGETS ktxn_devbroker ktxn_devbroker_static EXPORT ktxnTargets)
install(TARGETS ktxn_devbroker_program)
install(FILES ${CMAKE_BINARY_DIR}/ktxn-devbroker.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
