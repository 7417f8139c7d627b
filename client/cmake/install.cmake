# What `cmake --install` puts where, for find_package(kvstore) and for pkg-config.
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/kvstore)

install(TARGETS kvstore_client kvstore_client_static EXPORT kvstore
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/kvstore ${CMAKE_CURRENT_BINARY_DIR}/include/kvstore
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.hpp)

install(EXPORT kvstore NAMESPACE kvstore:: FILE kvstore-targets.cmake DESTINATION ${package_folder})
configure_package_config_file(cmake/kvstore-config.cmake.in kvstore-config.cmake
    INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(kvstore-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/kvstore-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/kvstore-config-version.cmake DESTINATION ${package_folder})

# Relative to the file itself, so that it stays true with `cmake --install --prefix`.
file(RELATIVE_PATH prefix_from_pc /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/kvstore.pc.in kvstore.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/kvstore.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
