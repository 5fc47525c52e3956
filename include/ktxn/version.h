#ifndef KTXN_VERSION_H
#define KTXN_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

/** What the compiler may assume of every public function: it is exported. */
#define KTXN_API __attribute__((visibility("default")))

#define KTXN_VERSION "0.1.0"

/** The version of the library in use, as "major.minor.patch". Any thread, never blocks; the string is static. */
KTXN_API const char *ktxn_version(void);

#ifdef __cplusplus
}
#endif

#endif
