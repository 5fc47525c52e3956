# The embedded broker: a library of its own, no part of what producers link.
file(GLOB KTXN_DEVBROKER_SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/sdk/devbroker/*.c)
add_library(ktxn_devbroker_objects OBJECT ${KTXN_DEVBROKER_SOURCES})
target_include_directories(ktxn_devbroker_objects PUBLIC ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR})
target_link_libraries(ktxn_devbroker_objects PRIVATE ktxn_flags ktxn_crc)
set_target_properties(ktxn_devbroker_objects PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)

# with internals in reach, for tests
add_library(ktxn_devbroker_static STATIC $<TARGET_OBJECTS:ktxn_devbroker_objects>)
target_link_libraries(ktxn_devbroker_static PUBLIC ktxn_static)
set_target_properties(ktxn_devbroker_static PROPERTIES OUTPUT_NAME ktxn-devbroker)
