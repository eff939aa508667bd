# Sets is_there where the ROS 2 that is sourced has the package already: its own definitions are used then, and a build of
# the whole repository (colcon) makes nothing of ours that would hide them.
set(is_there FALSE)
string(REPLACE ":" ";" sourced "$ENV{AMENT_PREFIX_PATH}")
foreach(prefix IN LISTS sourced)
  if(NOT prefix STREQUAL CMAKE_INSTALL_PREFIX AND EXISTS "${prefix}/share/${PROJECT_NAME}/package.xml")
    message(STATUS "${PROJECT_NAME} is in ${prefix}: nothing to build")
    set(is_there TRUE)
  endif()
endforeach()
