/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * Quantix: parts for virtualization platforms, as a C API. Generated from quantix-ffi by
 * cbindgen; `UPDATE=1 cargo test -p quantix-ffi header` writes it anew.
 *
 * Rules that hold for every function:
 *  - Text is NUL-terminated UTF-8. Documents are JSON with the same fields as the command line's.
 *  - A result goes through an out-pointer, written only when QTX_STATUS_OK is returned.
 *  - `error`, the last argument, may be NULL; otherwise it is set on failure and the caller frees
 *    it with qtx_error_free().
 *  - A string that Quantix returned is freed with qtx_string_free(), a handle with its own
 *    `_free`; all of these accept NULL.
 *  - NULL where a value is needed gives QTX_STATUS_NULL_ARGUMENT; it never crashes.
 *  - Functions may be called from any thread. A handle is used by one thread at a time unless its
 *    comment says otherwise.
 */

#ifndef QUANTIX_H
#define QUANTIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QTX_VERSION "0.1.0"
#define QTX_VERSION_MAJOR 0
#define QTX_VERSION_MINOR 1
#define QTX_VERSION_PATCH 0

#if defined(__GNUC__) || defined(__clang__)
#define QTX_MUST_USE __attribute__((warn_unused_result))
#else
#define QTX_MUST_USE
#endif


/**
 * How a call ended. Numbers are never reused.
 */
typedef enum qtx_status {
  /**
   * Done; the out-pointers are written.
   */
  QTX_STATUS_OK = 0,
  /**
   * An argument that must not be NULL is NULL.
   */
  QTX_STATUS_NULL_ARGUMENT = 1,
  /**
   * A text argument is not UTF-8.
   */
  QTX_STATUS_INVALID_UTF8 = 2,
  /**
   * A document or value is not what it should be; see the message and the findings.
   */
  QTX_STATUS_INVALID_INPUT = 3,
  /**
   * A file cannot be read or written, or the machine lacks something.
   */
  QTX_STATUS_ENVIRONMENT = 4,
  /**
   * A bug in Quantix: the call was abandoned, nothing was written.
   */
  QTX_STATUS_PANIC = 99,
} qtx_status;

/**
 * Why a call failed. Owned by the caller; read with the `qtx_error_*` functions from any thread,
 * freed with `qtx_error_free`.
 */
typedef struct qtx_error qtx_error;

/**
 * Told how far long work is: bytes done, bytes in total, and the pointer that was passed along.
 * Returns false to stop the work. Called from several threads, possibly at the same time.
 */
typedef bool (*qtx_progress)(uint64_t done_bytes, uint64_t total_bytes, void *context);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the library, such as `0.1.0`. Static; never freed.
 */
const char *qtx_version(void);

/**
 * Frees a string that Quantix returned. NULL is accepted.
 *
 * # Safety
 * `string` is NULL, or was returned by a Quantix call and has not been freed.
 */
void qtx_string_free(char *string);

/**
 * Renders a customization spec for one machine and writes its files into a directory.
 *
 * `spec_json` and `vm_json` are the documents of `quantix spec render`; `target` is NULL for
 * `nocloud`; `directory` is NULL to write nothing. `seed` is NULL, or a number that makes random
 * names and salts repeat. On success `*answer_out` is the document of `quantix spec render
 * --json`, owned by the caller and freed with `qtx_string_free`. Faults of the spec are the
 * findings of the error. May be called from any thread.
 *
 * # Safety
 * Texts are NUL-terminated; `seed` is NULL or readable; `answer_out` is writable; `error` is NULL
 * or writable.
 */
enum qtx_status qtx_spec_render(const char *spec_json,
                                const char *vm_json,
                                const char *target,
                                const char *directory,
                                const uint64_t *seed,
                                char **answer_out,
                                struct qtx_error **error);

/**
 * Makes a seed image and writes it to a file in one step, for its owner only.
 *
 * `meta_data`, `network_config` and `vendor_data` may be NULL; `source` is NULL for `nocloud`, or
 * `configdrive`; `image` is NULL for `iso`, or `vfat`. The same input gives the same bytes. On
 * success `*answer_out` is the document of `quantix seed build --json`, owned by the caller and
 * freed with `qtx_string_free`. May be called from any thread.
 *
 * # Safety
 * Texts are NUL-terminated; `answer_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_seed_build(const char *user_data,
                               const char *meta_data,
                               const char *network_config,
                               const char *vendor_data,
                               const char *source,
                               const char *image,
                               const char *path,
                               char **answer_out,
                               struct qtx_error **error);

/**
 * The status that the failed call returned. `QTX_STATUS_NULL_ARGUMENT` for NULL.
 *
 * # Safety
 * `error` is NULL or an unfreed error.
 */
enum qtx_status qtx_error_status(const struct qtx_error *error);

/**
 * What was wrong and what to do, in one line. Lives as long as the error. NULL for NULL.
 *
 * # Safety
 * `error` is NULL or an unfreed error.
 */
const char *qtx_error_message(const struct qtx_error *error);

/**
 * What was found wrong, as a JSON array of findings
 * (`{"code","severity","message","path"?,"line"?,"column"?}`); `[]` where the message says it
 * all. Lives as long as the error. NULL for NULL.
 *
 * # Safety
 * `error` is NULL or an unfreed error.
 */
const char *qtx_error_findings(const struct qtx_error *error);

/**
 * Frees an error. NULL is accepted.
 *
 * # Safety
 * `error` is NULL, or was set by a Quantix call and has not been freed.
 */
void qtx_error_free(struct qtx_error *error);

/**
 * Tells what an appliance is, from its descriptor alone. `report` becomes
 * `{"format","ovf_version","producer","systems","networks","deployment_options","properties",`
 * `"eulas","files","findings"}` as of `quantix ova inspect`; free it with `qtx_string_free`. A
 * descriptor that is broken is an answer with findings of severity `error`, not an error. Only
 * headers and the descriptor are read. Any thread.
 *
 * # Safety
 * `path` is a NUL-terminated string. `report` is writable. `error` is NULL or writable.
 */
enum qtx_status qtx_ova_inspect(const char *path, char **report, struct qtx_error **error);

/**
 * Checks every file of an appliance against its manifest. `report` becomes
 * `{"ok","manifest","certificate","files","findings"}` as of `quantix ova verify`; free it with
 * `qtx_string_free`. An appliance that differs from its manifest is an answer with `ok` false,
 * not an error. Any thread.
 *
 * # Safety
 * `path` is a NUL-terminated string. `report` is writable. `error` is NULL or writable.
 * `progress` is NULL or a function that may be called with `context` until this call returns.
 */
enum qtx_status qtx_ova_verify(const char *path,
                               qtx_progress progress,
                               void *context,
                               char **report,
                               struct qtx_error **error);

/**
 * Converts the disks of an appliance into files of a folder, checking digests in the same pass.
 * `options` is NULL or a JSON object with any of `format` (`qcow2`, `raw` or `vmdk`), `compress`,
 * `threads`, `verify`, `check_grains` and `sync`. `report` becomes
 * `{"disks","verified","seconds","findings"}` as of `quantix ova convert`; free it with
 * `qtx_string_free`. After an error nothing is left in the folder. Any thread.
 *
 * # Safety
 * `path` and `folder` are NUL-terminated strings, `options` is one or NULL. `report` is writable.
 * `error` is NULL or writable. `progress` is NULL or a function that may be called with `context`
 * until this call returns.
 */
enum qtx_status qtx_ova_convert(const char *path,
                                const char *folder,
                                const char *options,
                                qtx_progress progress,
                                void *context,
                                char **report,
                                struct qtx_error **error);

/**
 * Chooses a node for each machine.
 *
 * `cluster_json` and `vms_json` are the documents of `quantix place`; `policy_json` is NULL for
 * the default policy. `explain` adds why each machine goes where it goes. On success `*answer_out`
 * is the document of `quantix place --json`, owned by the caller and freed with
 * `qtx_string_free`; machines that fit nowhere are part of it and no error. May be called from
 * any thread.
 *
 * # Safety
 * Texts are NUL-terminated; `answer_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_place(const char *cluster_json,
                          const char *vms_json,
                          const char *policy_json,
                          bool explain,
                          char **answer_out,
                          struct qtx_error **error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* QUANTIX_H */
