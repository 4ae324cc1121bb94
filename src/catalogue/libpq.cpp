#include "catalogue/libpq.h"

#include <dlfcn.h>
#include <soci/error.h>

namespace shoal::catalogue {
namespace {

#ifdef __APPLE__
constexpr const char* library_name = "libpq.5.dylib";
#else
constexpr const char* library_name = "libpq.so.5";
#endif

/// Null where there is none. Never unloaded: connections may outlive whatever asked for it.
void* library() {
    static void* const handle = ::dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
    return handle;
}

template <class Function>
Function* find(const char* name) {
    void* const found = library() != nullptr ? ::dlsym(library(), name) : nullptr;
    if (found == nullptr) throw soci::soci_error("PostgreSQL's library has no such function");
    return reinterpret_cast<Function*>(found);
}

}  // namespace

Result<void> load_libpq() {
    if (library() != nullptr) return {};
    return fail(ErrorCode::failed,
                "a database of PostgreSQL needs its library, {}, which is not installed (Debian: "
                "apt-get install libpq5)",
                library_name);
}

}  // namespace shoal::catalogue

using shoal::catalogue::find;

// What we use of libpq, and SOCI's part for PostgreSQL, which is linked into this program.
#define FORWARD(Return, name, parameters, arguments)                 \
    Return name parameters {                                         \
        static auto* const function = find<decltype(::name)>(#name); \
        return function arguments;                                   \
    }

FORWARD(void, PQclear, (PGresult * result), (result))
FORWARD(char*, PQcmdTuples, (PGresult * result), (result))
FORWARD(PGconn*, PQconnectdb, (const char* info), (info))
FORWARD(void, PQconninfoFree, (PQconninfoOption * options), (options))
FORWARD(PQconninfoOption*, PQconninfoParse, (const char* info, char** error), (info, error))
FORWARD(char*, PQerrorMessage, (const PGconn* connection), (connection))
FORWARD(PGresult*, PQexec, (PGconn * connection, const char* query), (connection, query))
FORWARD(PGresult*, PQexecParams,
        (PGconn * connection, const char* command, int count, const Oid* types,
         const char* const* values, const int* lengths, const int* formats, int format),
        (connection, command, count, types, values, lengths, formats, format))
FORWARD(PGresult*, PQexecPrepared,
        (PGconn * connection, const char* name, int count, const char* const* values,
         const int* lengths, const int* formats, int format),
        (connection, name, count, values, lengths, formats, format))
FORWARD(int, PQfformat, (const PGresult* result, int field), (result, field))
FORWARD(void, PQfinish, (PGconn * connection), (connection))
FORWARD(char*, PQfname, (const PGresult* result, int field), (result, field))
FORWARD(int, PQfsize, (const PGresult* result, int field), (result, field))
FORWARD(Oid, PQftype, (const PGresult* result, int field), (result, field))
FORWARD(PGresult*, PQgetResult, (PGconn * connection), (connection))
FORWARD(int, PQgetisnull, (const PGresult* result, int row, int field), (result, row, field))
FORWARD(char*, PQgetvalue, (const PGresult* result, int row, int field), (result, row, field))
FORWARD(int, PQnfields, (const PGresult* result), (result))
FORWARD(int, PQntuples, (const PGresult* result), (result))
FORWARD(PGresult*, PQprepare,
        (PGconn * connection, const char* name, const char* query, int count, const Oid* types),
        (connection, name, query, count, types))
FORWARD(char*, PQresultErrorField, (const PGresult* result, int code), (result, code))
FORWARD(char*, PQresultErrorMessage, (const PGresult* result), (result))
FORWARD(ExecStatusType, PQresultStatus, (const PGresult* result), (result))
FORWARD(int, PQsendPrepare,
        (PGconn * connection, const char* name, const char* query, int count, const Oid* types),
        (connection, name, query, count, types))
FORWARD(int, PQsendQuery, (PGconn * connection, const char* query), (connection, query))
FORWARD(int, PQsendQueryParams,
        (PGconn * connection, const char* command, int count, const Oid* types,
         const char* const* values, const int* lengths, const int* formats, int format),
        (connection, command, count, types, values, lengths, formats, format))
FORWARD(int, PQsendQueryPrepared,
        (PGconn * connection, const char* name, int count, const char* const* values,
         const int* lengths, const int* formats, int format),
        (connection, name, count, values, lengths, formats, format))
FORWARD(int, PQserverVersion, (const PGconn* connection), (connection))
FORWARD(int, PQsetSingleRowMode, (PGconn * connection), (connection))
FORWARD(ConnStatusType, PQstatus, (const PGconn* connection), (connection))
FORWARD(int, lo_close, (PGconn * connection, int descriptor), (connection, descriptor))
FORWARD(int, lo_lseek, (PGconn * connection, int descriptor, int offset, int whence),
        (connection, descriptor, offset, whence))
FORWARD(int, lo_open, (PGconn * connection, Oid object, int mode), (connection, object, mode))
FORWARD(int, lo_read, (PGconn * connection, int descriptor, char* buffer, size_t length),
        (connection, descriptor, buffer, length))
FORWARD(int, lo_write, (PGconn * connection, int descriptor, const char* buffer, size_t length),
        (connection, descriptor, buffer, length))
#undef FORWARD
