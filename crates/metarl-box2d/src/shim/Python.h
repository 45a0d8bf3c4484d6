// In place of Python's header. The Box2D of Python's package reports a failed assertion as a Python
// exception; here it ends the program, as an assertion of C does.
#ifndef METARL_BOX2D_PYTHON_H
#define METARL_BOX2D_PYTHON_H

#include <cstdio>
#include <cstdlib>

#define PyExc_AssertionError "assertion failed"

[[noreturn]] inline void PyErr_SetString(const char *kind, const char *what)
{
    std::fprintf(stderr, "Box2D: %s: %s\n", kind, what);
    std::abort();
}

#endif
