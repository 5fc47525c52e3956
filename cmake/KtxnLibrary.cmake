# The two libraries that users link, and what is installed for them.
set(KTXN_VERSION_SCRIPT ${CMAKE_SOURCE_DIR}/cmake/ktxn.map)
add_library(ktxn SHARED $<TARGET_OBJECTS:ktxn_client_objects> $<TARGET_OBJECTS:ktxn_common_objects>)
target_link_libraries(ktxn PRIVATE ktxn_flags ktxn_crc Threads::Threads)
# nodelete: a helper thread that is stuck in getaddrinfo() is let go at the end of its client and still needs its code
target_link_options(ktxn PRIVATE -Wl,--version-script=${KTXN_VERSION_SCRIPT} -Wl,-z,relro,-z,now,-z,noexecstack,-z,nodelete
                    -Wl,--as-needed -Wl,--no-undefined)
set_target_properties(ktxn PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION 0 LINK_DEPENDS ${KTXN_VERSION_SCRIPT})
if(KTXN_SANITIZE AND CMAKE_C_COMPILER_ID MATCHES Clang)
  # clang's sanitizer runtime is resolved from the executable
  set_property(TARGET ktxn APPEND PROPERTY LINK_OPTIONS -Wl,-z,undefs)
endif()

add_library(ktxn_static STATIC $<TARGET_OBJECTS:ktxn_client_objects> $<TARGET_OBJECTS:ktxn_common_objects>)
target_link_libraries(ktxn_static PUBLIC Threads::Threads $<BUILD_INTERFACE:ktxn_crc>)
set_target_properties(ktxn_static PROPERTIES OUTPUT_NAME ktxn)

foreach(library ktxn ktxn_static)
  target_include_directories(${library} PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>
                                               $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endforeach()

include(CMakePackageConfigHelpers)
get_target_property(crc_libraries ktxn_crc INTERFACE_LINK_LIBRARIES)
set(KTXN_NEEDS_ISAL FALSE)
set(KTXN_PRIVATE_LIBS "-pthread")
if(crc_libraries)
  set(KTXN_NEEDS_ISAL TRUE)
  string(APPEND KTXN_PRIVATE_LIBS " -lisal")
endif()

# Both files find the installed tree from where they lie themselves, so it may be moved.
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ktxn)
file(RELATIVE_PATH KTXN_PREFIX_FROM_PC /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/ktxn.pc.in ${CMAKE_BINARY_DIR}/ktxn.pc @ONLY)
configure_package_config_file(cmake/ktxnConfig.cmake.in ${CMAKE_BINARY_DIR}/ktxnConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/ktxnConfigVersion.cmake COMPATIBILITY SameMinorVersion)

install(TARGETS ktxn ktxn_static EXPORT ktxnTargets)
install(FILES ${KTXN_HEADERS} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ktxn)
install(FILES ${CMAKE_BINARY_DIR}/ktxn.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(EXPORT ktxnTargets NAMESPACE ktxn:: DESTINATION ${package_dir})
install(FILES ${CMAKE_BINARY_DIR}/ktxnConfig.cmake ${CMAKE_BINARY_DIR}/ktxnConfigVersion.cmake
        DESTINATION ${package_dir})
