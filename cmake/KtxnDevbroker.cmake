# The embedded broker: a library of its own, which shares nothing with the client but sdk/base, sdk/os and sdk/net.
add_library(ktxn_devbroker_static STATIC $<TARGET_OBJECTS:ktxn_broker_objects> $<TARGET_OBJECTS:ktxn_common_objects>)
target_link_libraries(ktxn_devbroker_static PUBLIC Threads::Threads $<BUILD_INTERFACE:ktxn_crc>)
target_include_directories(ktxn_devbroker_static PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>)
set_target_properties(ktxn_devbroker_static PROPERTIES OUTPUT_NAME ktxn-devbroker)
