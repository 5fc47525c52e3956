# The two libraries that users link, and what is installed for them.
set(KTXN_VERSION_SCRIPT ${CMAKE_SOURCE_DIR}/cmake/ktxn.map)
add_library(ktxn SHARED)
target_link_libraries(ktxn PRIVATE ktxn_objects ktxn_flags ktxn_crc Threads::Threads)
target_link_options(ktxn PRIVATE -Wl,--version-script=${KTXN_VERSION_SCRIPT} -Wl,-z,relro,-z,now,-z,noexecstack
                    -Wl,--as-needed -Wl,--no-undefined)
set_target_properties(ktxn PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION 0 LINK_DEPENDS ${KTXN_VERSION_SCRIPT})
if(KTXN_SANITIZE AND CMAKE_C_COMPILER_ID MATCHES Clang)
  # clang's sanitizer runtime is resolved from the executable
  set_property(TARGET ktxn APPEND PROPERTY LINK_OPTIONS -Wl,-z,undefs)
endif()

add_library(ktxn_static STATIC)
target_link_libraries(ktxn_static PRIVATE ktxn_objects PUBLIC Threads::Threads $<BUILD_INTERFACE:ktxn_crc>)
set_target_properties(ktxn_static PROPERTIES OUTPUT_NAME ktxn)

foreach(library ktxn ktxn_static)
  target_include_directories(${library} PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>
                                               $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endforeach()
