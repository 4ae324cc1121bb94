# The house: one folder under src/ is one library on one floor. A library sees the headers of
# the folders that it names in DEPS, all of which must lie on lower floors, and of no others.

# shoal_floor(NAME FLOOR n SOURCES file... [DEPS folder...] [LIBS target...] [PCH target])
function(shoal_floor name)
    cmake_parse_arguments(ARG "" "FLOOR;PCH" "SOURCES;DEPS;LIBS" ${ARGN})
    add_library(shoal_${name} STATIC ${ARG_SOURCES})
    set_target_properties(shoal_${name} PROPERTIES SHOAL_FLOOR ${ARG_FLOOR})

    # Each library has an include root of its own with nothing in it but its own folder, so that
    # an include of a folder that is not among DEPS finds no file.
    set(root ${CMAKE_BINARY_DIR}/include/${name})
    file(MAKE_DIRECTORY ${root})
    file(CREATE_LINK ${CMAKE_SOURCE_DIR}/src/${name} ${root}/${name} SYMBOLIC)
    target_include_directories(shoal_${name} PUBLIC ${root})

    target_link_libraries(shoal_${name} PUBLIC ${ARG_LIBS} PRIVATE shoal_compile)
    foreach(dep IN LISTS ARG_DEPS)
        get_target_property(floor shoal_${dep} SHOAL_FLOOR)
        if(NOT floor LESS ARG_FLOOR)
            message(FATAL_ERROR
                "src/${name} (floor ${ARG_FLOOR}) must not use src/${dep} (floor ${floor})")
        endif()
        target_link_libraries(shoal_${name} PUBLIC shoal_${dep})
    endforeach()
    if(ARG_PCH)
        target_link_libraries(shoal_${name} PRIVATE ${ARG_PCH})
        target_precompile_headers(shoal_${name} REUSE_FROM ${ARG_PCH})
    endif()
endfunction()
