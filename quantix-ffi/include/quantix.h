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
 * What [`qtx_engine_place`] writes for a machine that fits nowhere.
 */
#define QTX_NO_NODE UINT32_MAX

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
 * A document of any kind. Owned by the caller and freed with `qtx_document_free`. Functions that
 * take it as `const` may run on several threads at once; others need it alone.
 */
typedef struct qtx_document qtx_document;

/**
 * A cluster with an index for placing machines. Owned by the caller and freed with
 * `qtx_engine_free`; used by one thread at a time.
 */
typedef struct qtx_engine qtx_engine;

/**
 * Why a call failed. Owned by the caller; read with the `qtx_error_*` functions from any thread,
 * freed with `qtx_error_free`.
 */
typedef struct qtx_error qtx_error;

/**
 * The events of a host. Owned by the caller and freed with `qtx_events_free`; used by one thread
 * at a time. It outlives the host that it is of.
 */
typedef struct qtx_events qtx_events;

/**
 * The folders of one project. Owned by the caller and freed with `qtx_folder_tree_free`. Functions
 * that take it as `const` may run on several threads at once; others need it alone.
 */
typedef struct qtx_folder_tree qtx_folder_tree;

/**
 * A libvirt host. Owned by the caller and freed with `qtx_host_free`; may be used by several
 * threads at once.
 */
typedef struct qtx_host qtx_host;

/**
 * A node and what a machine asks for, as rules and wishes of one's own see them. CPU is in
 * thousandths of a core, memory in MiB; what a node has includes overcommit.
 */
typedef struct qtx_candidate {
  /**
   * The node's id; lives as long as the call.
   */
  const char *node;
  /**
   * CPU that machines may have here in all.
   */
  uint64_t cpu_milli;
  /**
   * Memory that machines may have here in all.
   */
  uint64_t memory_mib;
  /**
   * CPU that is left.
   */
  uint64_t free_cpu_milli;
  /**
   * Memory that is left.
   */
  uint64_t free_memory_mib;
  /**
   * How many machines are here.
   */
  uint32_t vm_count;
  /**
   * How many GPUs the machine asks for.
   */
  uint32_t asked_gpus;
  /**
   * CPU that the machine asks for.
   */
  uint64_t asked_cpu_milli;
  /**
   * Memory that the machine asks for.
   */
  uint64_t asked_memory_mib;
} qtx_candidate;

/**
 * Whether a machine may go to a node; must answer the same for the same candidate.
 */
typedef bool (*qtx_filter)(const struct qtx_candidate *candidate, void *context);

/**
 * How good a node is, 0 to 1,000,000; must answer the same for the same candidate.
 */
typedef uint64_t (*qtx_score)(const struct qtx_candidate *candidate, void *context);

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
 * Adds a hard rule of one's own to an engine: `filter` is asked about nodes that passed every other
 * rule, with `context`, which must live as long as the engine. It must not use the engine and must
 * not unwind. Machines that are placed already stay.
 *
 * # Safety
 * `engine` is NULL or unfreed and used by no other thread; `name` is NUL-terminated; `filter` may be
 * called with `context` by whichever thread uses the engine; `error` is NULL or writable.
 */
enum qtx_status qtx_engine_add_filter(struct qtx_engine *engine,
                                      const char *name,
                                      qtx_filter filter,
                                      void *context,
                                      struct qtx_error **error);

/**
 * Adds a wish of one's own to an engine: the points of `score` times `weight` count like those of
 * the policy's scores. What holds for `qtx_engine_add_filter` holds here too.
 *
 * # Safety
 * As for `qtx_engine_add_filter`.
 */
enum qtx_status qtx_engine_add_score(struct qtx_engine *engine,
                                     const char *name,
                                     uint32_t weight,
                                     qtx_score score,
                                     void *context,
                                     struct qtx_error **error);

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
 * Reads a customization spec of vSphere: the client's XML, SOAP, or the REST API's JSON.
 *
 * On success `*answer_out` is `{"spec","findings"}`, owned by the caller and freed with
 * `qtx_string_free`. The spec holds the passwords that could be read, so treat it as a secret.
 * May be called from any thread.
 *
 * # Safety
 * `document` is NUL-terminated; `answer_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_spec_import(const char *document, char **answer_out, struct qtx_error **error);

/**
 * Writes a spec for vSphere, as XML for its client or as JSON for the REST API.
 *
 * `format` is NULL for `xml`, or `json`. On success `*answer_out` is `{"text","findings"}`, owned
 * by the caller and freed with `qtx_string_free`; the findings tell what vSphere's specs cannot
 * say. May be called from any thread.
 *
 * # Safety
 * Texts are NUL-terminated; `answer_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_spec_export(const char *spec_json,
                                const char *format,
                                char **answer_out,
                                struct qtx_error **error);

/**
 * Normalises the path of a folder.
 *
 * On success `*canonical_out` is its one canonical spelling, owned by the caller and freed with
 * `qtx_string_free`. Two paths are the same exactly when their canonical spellings are. A text that
 * is no path gives `QTX_STATUS_INVALID_INPUT`; the message says at which byte. May be called from
 * any thread.
 *
 * # Safety
 * `path` is NUL-terminated; `canonical_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_folder_path_normalize(const char *path,
                                          char **canonical_out,
                                          struct qtx_error **error);

/**
 * The names in the path of a folder, as people read them.
 *
 * On success `*names_out` is a JSON array of strings, outermost first, owned by the caller and freed
 * with `qtx_string_free`. May be called from any thread.
 *
 * # Safety
 * `path` is NUL-terminated; `names_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_folder_path_names(const char *path,
                                      char **names_out,
                                      struct qtx_error **error);

/**
 * Makes a tree with only its root folder.
 *
 * `project` and `root` are UUIDs; `project` may be `"default"` or `""`. `at` is an RFC 3339 time.
 * On success `*tree_out` is owned by the caller and freed with `qtx_folder_tree_free`. May be called
 * from any thread.
 *
 * # Safety
 * Texts are NUL-terminated; `tree_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_folder_tree_new(const char *project,
                                    const char *root,
                                    const char *at,
                                    struct qtx_folder_tree **tree_out,
                                    struct qtx_error **error);

/**
 * Makes the tree that a document of kind `folder_tree` describes.
 *
 * On success `*tree_out` is owned by the caller and freed with `qtx_folder_tree_free`. A document
 * with faults gives `QTX_STATUS_INVALID_INPUT` and its findings. May be called from any thread.
 *
 * # Safety
 * `json` is NUL-terminated; `tree_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_folder_tree_from_json(const char *json,
                                          struct qtx_folder_tree **tree_out,
                                          struct qtx_error **error);

/**
 * The tree as a document of kind `folder_tree`.
 *
 * On success `*json_out` is owned by the caller and freed with `qtx_string_free`. Several threads
 * may read one tree.
 *
 * # Safety
 * `tree` is NULL or an unfreed tree that nobody changes meanwhile; `json_out` is writable; `error`
 * is NULL or writable.
 */
enum qtx_status qtx_folder_tree_to_json(const struct qtx_folder_tree *tree,
                                        char **json_out,
                                        struct qtx_error **error);

/**
 * Answers a question to a tree or changes it.
 *
 * `command_json` is a document such as
 * `{"op": "create", "id": "…", "parent_id": "…", "name": "Web", "at": "2026-01-31T12:00:00Z"}`. The
 * operations are `create`, `ensure`, `create_standard_folders`, `rename`, `move`, `delete`,
 * `preview_delete`, `add_member`, `move_member`, `remove_member`, `move_many`, `set_policy`,
 * `set_description`, `set_labels`, `bind`, `unbind`, `get`, `find`, `find_many`, `list`, `members`,
 * `folder_of`, `policy`, `effective_policy`, `bindings` and `authorize`. On success `*answer_out` is
 * the answer as JSON, owned by the caller and freed with `qtx_string_free`. A refused change gives
 * `QTX_STATUS_INVALID_INPUT` with one finding, and leaves the tree as it was. One thread at a time.
 *
 * # Safety
 * `tree` is NULL or an unfreed tree that nobody else uses meanwhile; `command_json` is
 * NUL-terminated; `answer_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_folder_tree_run(struct qtx_folder_tree *tree,
                                    const char *command_json,
                                    char **answer_out,
                                    struct qtx_error **error);

/**
 * Finds the folder at a path, by the case rule of the tree.
 *
 * On success `*id_out` is its UUID, owned by the caller and freed with `qtx_string_free`, or NULL
 * when there is no such folder. Several threads may read one tree.
 *
 * # Safety
 * `tree` is NULL or an unfreed tree that nobody changes meanwhile; `path` is NUL-terminated;
 * `id_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_folder_tree_find(const struct qtx_folder_tree *tree,
                                     const char *path,
                                     char **id_out,
                                     struct qtx_error **error);

/**
 * How many folders a tree has, with its root; 0 for NULL. Several threads may read one tree.
 *
 * # Safety
 * `tree` is NULL or an unfreed tree that nobody changes meanwhile.
 */
size_t qtx_folder_tree_len(const struct qtx_folder_tree *tree);

/**
 * Frees a tree. NULL is accepted.
 *
 * # Safety
 * `tree` is NULL, or was made by a Quantix call and has not been freed.
 */
void qtx_folder_tree_free(struct qtx_folder_tree *tree);

/**
 * Checks a document of a kind such as `vm_spec` or `inventory`.
 *
 * `lenient` drops unknown fields and tries newer versions, each with a warning. On success
 * `*report_out` is `{"kind","valid","findings","document"?}`, owned by the caller and freed with
 * `qtx_string_free`; a document with faults is part of it and no error. May be called from any
 * thread.
 *
 * # Safety
 * Texts are NUL-terminated; `report_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_document_check(const char *kind,
                                   const char *json,
                                   bool lenient,
                                   char **report_out,
                                   struct qtx_error **error);

/**
 * The JSON Schema (draft 2020-12) of a kind of document.
 *
 * On success `*schema_out` is owned by the caller and freed with `qtx_string_free`. May be called
 * from any thread.
 *
 * # Safety
 * `kind` is NUL-terminated; `schema_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_document_schema(const char *kind, char **schema_out, struct qtx_error **error);

/**
 * Answers a question to the model's pure functions.
 *
 * `question_json` is a document such as `{"op": "power_after", "state": "running", "event": "stop"}`.
 * The operations are `read_value`, `power_after`, `power_commands`, `power_transitions`,
 * `image_phase_after`, `hardware_profile`, `node_health`, `ipam`, `evaluate_alerts` and `admit`; what
 * is remembered between two questions, such as an address pool, is part of the question and of the
 * answer. On success `*answer_out` is the answer as JSON, owned by the caller and freed with
 * `qtx_string_free`. A refused question gives `QTX_STATUS_INVALID_INPUT` and its findings. May be
 * called from any thread.
 *
 * # Safety
 * `question_json` is NUL-terminated; `answer_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_model_ask(const char *question_json,
                              char **answer_out,
                              struct qtx_error **error);

/**
 * Reads a document of a kind such as `vm_spec`; one with faults too, as long as it is JSON.
 *
 * `lenient` drops unknown fields and tries newer versions, each with a warning, now and after each
 * change. On success `*document_out` is owned by the caller and freed with `qtx_document_free`. May
 * be called from any thread.
 *
 * # Safety
 * Texts are NUL-terminated; `document_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_document_parse(const char *kind,
                                   const char *json,
                                   bool lenient,
                                   struct qtx_document **document_out,
                                   struct qtx_error **error);

/**
 * Everything that is to be said about a document as it is now.
 *
 * On success `*report_out` is `{"kind","valid","findings","document"?}` as `qtx_document_check`
 * gives it, owned by the caller and freed with `qtx_string_free`. Several threads may read one
 * document.
 *
 * # Safety
 * `document` is NULL or an unfreed document that nobody changes meanwhile; `report_out` is writable;
 * `error` is NULL or writable.
 */
enum qtx_status qtx_document_report(const struct qtx_document *document,
                                    char **report_out,
                                    struct qtx_error **error);

/**
 * Whether nothing in a document is an error; false for NULL. Several threads may read one document.
 *
 * # Safety
 * `document` is NULL or an unfreed document that nobody changes meanwhile.
 */
bool qtx_document_is_valid(const struct qtx_document *document);

/**
 * What is at a place of a document, with units as numbers, defaults filled in and secrets redacted.
 *
 * `pointer` is a JSON Pointer such as `/disks/0/size_bytes`; the empty one is the whole document. On
 * success `*json_out` is JSON, owned by the caller and freed with `qtx_string_free`, or NULL when
 * there is nothing. A document with faults gives `QTX_STATUS_INVALID_INPUT` and its findings.
 * Several threads may read one document.
 *
 * # Safety
 * `document` is NULL or an unfreed document that nobody changes meanwhile; `pointer` is
 * NUL-terminated; `json_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_document_get(const struct qtx_document *document,
                                 const char *pointer,
                                 char **json_out,
                                 struct qtx_error **error);

/**
 * Writes JSON at a place of a document: a new field, in place of what is there, or behind the last
 * item of a list, which is the step `-`.
 *
 * `pointer` is a JSON Pointer such as `/disks/-`; the empty one is the whole document. The document
 * may have faults afterwards, which `qtx_document_report` tells. A place whose surroundings are
 * missing, or a text that is no JSON, gives `QTX_STATUS_INVALID_INPUT` with one finding, and leaves
 * the document as it was. One thread at a time.
 *
 * # Safety
 * `document` is NULL or an unfreed document that nobody else uses meanwhile; texts are
 * NUL-terminated; `error` is NULL or writable.
 */
enum qtx_status qtx_document_set(struct qtx_document *document,
                                 const char *pointer,
                                 const char *json,
                                 struct qtx_error **error);

/**
 * Takes a field, or an item of a list, out of a document.
 *
 * `pointer` is a JSON Pointer such as `/disks/0`. A place where nothing was written gives
 * `QTX_STATUS_INVALID_INPUT` with one finding, and leaves the document as it was. One thread at a
 * time.
 *
 * # Safety
 * `document` is NULL or an unfreed document that nobody else uses meanwhile; `pointer` is
 * NUL-terminated; `error` is NULL or writable.
 */
enum qtx_status qtx_document_remove(struct qtx_document *document,
                                    const char *pointer,
                                    struct qtx_error **error);

/**
 * Frees a document. NULL is accepted.
 *
 * # Safety
 * `document` is NULL, or was made by a Quantix call and has not been freed.
 */
void qtx_document_free(struct qtx_document *document);

/**
 * Reads a cluster and a policy, the documents of `quantix place`; `policy_json` is NULL for the
 * default policy. On success `*engine_out` is owned by the caller and freed with
 * `qtx_engine_free`. May be called from any thread.
 *
 * # Safety
 * Texts are NUL-terminated; `engine_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_engine_new(const char *cluster_json,
                               const char *policy_json,
                               struct qtx_engine **engine_out,
                               struct qtx_error **error);

/**
 * Gives what a machine asks for, a document as in the list of `quantix place`, a number for
 * `qtx_engine_place`. The number lives as long as the engine.
 *
 * # Safety
 * `engine` is NULL or unfreed and used by no other thread; `vm_json` is NUL-terminated;
 * `shape_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_engine_shape(struct qtx_engine *engine,
                                 const char *vm_json,
                                 uint32_t *shape_out,
                                 struct qtx_error **error);

/**
 * Places `count` machines, given by id and shape, one after the other. On success `nodes_out[i]`
 * is the node of machine `i`, counted in order of node ids, or `QTX_NO_NODE` where it fits nowhere.
 * Where one cannot be placed (its id is placed already, its shape is unknown), none is.
 *
 * # Safety
 * `engine` is NULL or unfreed and used by no other thread; `ids` has `count` NUL-terminated texts,
 * `shapes` `count` numbers, `nodes_out` room for `count`; `error` is NULL or writable.
 */
enum qtx_status qtx_engine_place(struct qtx_engine *engine,
                                 const char *const *ids,
                                 const uint32_t *shapes,
                                 size_t count,
                                 uint32_t *nodes_out,
                                 struct qtx_error **error);

/**
 * Takes `count` machines off their nodes; none where one of them is not placed.
 *
 * # Safety
 * `engine` is NULL or unfreed and used by no other thread; `ids` has `count` NUL-terminated texts;
 * `error` is NULL or writable.
 */
enum qtx_status qtx_engine_remove(struct qtx_engine *engine,
                                  const char *const *ids,
                                  size_t count,
                                  struct qtx_error **error);

/**
 * The id of a node, counted in order of ids from 0. On success `*id_out` is owned by the caller and
 * freed with `qtx_string_free`.
 *
 * # Safety
 * `engine` is NULL or unfreed; `id_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_engine_node_id(const struct qtx_engine *engine,
                                   uint32_t node,
                                   char **id_out,
                                   struct qtx_error **error);

/**
 * Frees an engine. NULL is accepted.
 *
 * # Safety
 * `engine` is NULL, or was returned by `qtx_engine_new` and has not been freed.
 */
void qtx_engine_free(struct qtx_engine *engine);

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
 * What to decide on where a call on a libvirt host failed, as a JSON object:
 * `{"class","operation","target","remedy","transient"}`, with `class` one of `retryable`,
 * `connection_lost`, `busy`, `not_found`, `conflict`, `unsupported`, `denied`, `deadline`,
 * `invalid` and `failed`; `{}` for other errors. Lives as long as the error. NULL for NULL.
 *
 * # Safety
 * `error` is NULL or an unfreed error.
 */
const char *qtx_error_details(const struct qtx_error *error);

/**
 * Frees an error. NULL is accepted.
 *
 * # Safety
 * `error` is NULL, or was set by a Quantix call and has not been freed.
 */
void qtx_error_free(struct qtx_error *error);

/**
 * Connects to a libvirt host, such as `qemu:///system`, `qemu+tcp://host/system` or
 * `test:///default`; `fake:///1` is a host in memory, for tests.
 *
 * libvirt's client library is loaded by the first call for a host of libvirt; nothing else of
 * Quantix needs it. Every call on the host ends after `deadline_ms` milliseconds (0: 30 seconds),
 * with an answer or an error of the class `deadline`.
 *
 * # Safety
 * `uri` is NUL-terminated; `host_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_host_connect(const char *uri,
                                 uint64_t deadline_ms,
                                 struct qtx_host **host_out,
                                 struct qtx_error **error);

/**
 * Makes one call on a host, within `deadline_ms` milliseconds (0: those of the host).
 *
 * The request is a document such as `{"op":"list"}`, `{"op":"show","vm":"web"}`,
 * `{"op":"create","spec":{"name","id","cpus","memory_mib",…},"start":true}`,
 * `{"op":"plan","vm","spec"}`, `{"op":"apply","vm","spec"}`,
 * `{"op":"stop","vm","mode":"graceful_then_destroy","budget_seconds":60}`,
 * `{"op":"attach","vm","xml","affect":"both"}`, `{"op":"migrate","vm","request":{"destination"}}`,
 * `{"op":"stats"}`, `{"op":"agent_exec","vm","program","args":[…]}`, `{"op":"screenshot","vm"}`;
 * a name that there is not is refused with the list of all. `vm` is a name or a UUID. On success
 * `*answer_out` is the document of `quantix vm … --json`, freed with `qtx_string_free`. Of an
 * error, `qtx_error_details` tells the class to decide on.
 *
 * # Safety
 * `host` is NULL or unfreed; `request_json` is NUL-terminated; `answer_out` is writable; `error`
 * is NULL or writable.
 */
enum qtx_status qtx_host_run(const struct qtx_host *host,
                             const char *request_json,
                             uint64_t deadline_ms,
                             char **answer_out,
                             struct qtx_error **error);

/**
 * Subscribes to the events of a host from now on.
 *
 * # Safety
 * `host` is NULL or unfreed; `events_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_host_events(const struct qtx_host *host,
                                struct qtx_events **events_out,
                                struct qtx_error **error);

/**
 * Waits at most `limit_ms` milliseconds for the next event. On success `*event_out` is a document
 * such as `{"event":"lifecycle","domain":{"name","id"},"what":"started",…}`, freed with
 * `qtx_string_free`, or NULL where none came in time. `{"event":"resync",…}` comes first and
 * wherever events may have been missed: read the state of the machines again.
 *
 * # Safety
 * `events` is NULL or unfreed and used by no other thread; `event_out` is writable; `error` is
 * NULL or writable.
 */
enum qtx_status qtx_events_next(struct qtx_events *events,
                                uint64_t limit_ms,
                                char **event_out,
                                struct qtx_error **error);

/**
 * Ends a subscription. NULL is accepted.
 *
 * # Safety
 * `events` is NULL, or was set by `qtx_host_events` and has not been freed.
 */
void qtx_events_free(struct qtx_events *events);

/**
 * Closes a host; calls that run in other threads must have ended. NULL is accepted.
 *
 * # Safety
 * `host` is NULL, or was set by `qtx_host_connect` and has not been freed.
 */
void qtx_host_free(struct qtx_host *host);

/**
 * Checks a document of libvirt against libvirt's own schemas, without a host.
 *
 * `schema` is the name of one, such as `domain`, or NULL for the one of the outermost element;
 * `folder` holds the schemas, or NULL for those of this machine. On success `*answer_out` is
 * `{"valid","schema","findings":[{"code","message","path","line","column",…}]}`, freed with
 * `qtx_string_free`; a document that is not valid is a success too. May be called from any thread.
 *
 * # Safety
 * `xml` is NUL-terminated; `schema` and `folder` are NULL or NUL-terminated; `answer_out` is
 * writable; `error` is NULL or writable.
 */
enum qtx_status qtx_libvirt_validate(const char *xml,
                                     const char *schema,
                                     const char *folder,
                                     char **answer_out,
                                     struct qtx_error **error);

/**
 * Tells what an appliance is, from its descriptor alone. Here and in all calls on appliances,
 * `path` is an OVA, an OVF descriptor, a folder with one, or the `http://` or `https://` address
 * of an OVA, of which only the parts that are needed are fetched. `report` becomes
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
 * Checks every file of an appliance against its manifest, and who signed that. `options` is NULL
 * or a JSON object with any of `threads`, `roots` (trusted certificates in PEM: with them, only a
 * package whose signature leads to one of them is ok), `allow_sha1` and `at` (when certificates
 * must be good, in seconds since 1970, by default now). `report` becomes
 * `{"ok","manifest","certificate","signature","files","findings"}` as of `quantix ova verify`;
 * free it with `qtx_string_free`. An appliance that differs from its manifest is an answer with
 * `ok` false, not an error. Any thread.
 *
 * # Safety
 * `path` is a NUL-terminated string, `options` is one or NULL. `report` is writable. `error` is NULL or writable.
 * `progress` is NULL or a function that may be called with `context` until this call returns.
 */
enum qtx_status qtx_ova_verify(const char *path,
                               const char *options,
                               qtx_progress progress,
                               void *context,
                               char **report,
                               struct qtx_error **error);

/**
 * Converts the disks of an appliance into files of a folder, checking digests in the same pass.
 * `options` is NULL or a JSON object with any of `format` (`qcow2`, `raw` or `vmdk`), `compress`,
 * `compression` (`deflate` or `zstd`), `threads`, `verify`, `check_grains`, `sync`, `instant` (copy
 * nothing: each file is an overlay that reads the disk inside the appliance, until
 * `qtx_ova_pull`), `resumable` (keep what is done when `progress` stops the work or the storage or
 * the network fails: the same call goes on there, as it does after the process was killed), and
 * `roots`, `allow_sha1` and `at` of `qtx_ova_verify`. `report` becomes
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
 * Copies what the overlays in `folder`, made by `qtx_ova_convert` with `instant`, still read from
 * the appliance, checking digests in the same pass; what the machine wrote meanwhile stays. The
 * machine must be off. `options` and `report` are those of `qtx_ova_convert`. Any thread.
 *
 * # Safety
 * As `qtx_ova_convert`.
 */
enum qtx_status qtx_ova_pull(const char *path,
                             const char *folder,
                             const char *options,
                             qtx_progress progress,
                             void *context,
                             char **report,
                             struct qtx_error **error);

/**
 * Writes an appliance as the OVA `to`, with its manifest signed. `key` is a private RSA key and
 * `certificates` that of the key and those of its issuers, in PEM. `sha512` says whether SHA-512
 * is used instead of SHA-256. `report` becomes `{"path","bytes","manifest","certificate",`
 * `"algorithm","findings"}`; free it with `qtx_string_free`. After an error nothing is left. Any
 * thread.
 *
 * # Safety
 * `path`, `to`, `key` and `certificates` are NUL-terminated strings. `report` is writable.
 * `error` is NULL or writable. `progress` is NULL or a function that may be called with `context`
 * until this call returns.
 */
enum qtx_status qtx_ova_sign(const char *path,
                             const char *to,
                             const char *key,
                             const char *certificates,
                             bool sha512,
                             qtx_progress progress,
                             void *context,
                             char **report,
                             struct qtx_error **error);

/**
 * Tells what becomes of each part of an appliance, and why. `choices` is NULL or a JSON object
 * with any of `system`, `option`, `properties`, `networks` and `drivers` (`known`, `virtio` or
 * `generic`). `report` becomes `{"system","name","option","vm","sources","cdroms","nvram",`
 * `"properties","report","findings","broken"}` as of `quantix ova explain`; free it with
 * `qtx_string_free`. Any thread.
 *
 * # Safety
 * `path` is a NUL-terminated string, `choices` is one or NULL. `report` is writable. `error` is
 * NULL or writable.
 */
enum qtx_status qtx_ova_explain(const char *path,
                                const char *choices,
                                char **report,
                                struct qtx_error **error);

/**
 * Tells how two appliances differ in what they mean. `report` becomes
 * `{"equal","changes":[{"path","before","after"}]}` as of `quantix ova diff`; free it with
 * `qtx_string_free`. Any thread.
 *
 * # Safety
 * `before` and `after` are NUL-terminated strings. `report` is writable. `error` is NULL or
 * writable.
 */
enum qtx_status qtx_ova_diff(const char *before,
                             const char *after,
                             char **report,
                             struct qtx_error **error);

/**
 * Writes an appliance as the OVA `to`, or only its descriptor where `to` ends in `.ovf`, edited by
 * as little as possible. `edits` is a JSON array as `quantix ova edit` reads it, such as
 * `[{"edit":"set_cpus","cpus":4}]`; all are made or none. `report` becomes
 * `{"path","bytes","findings"}`; free it with `qtx_string_free`. After an error nothing is left.
 * Any thread.
 *
 * # Safety
 * `path`, `edits` and `to` are NUL-terminated strings. `report` is writable. `error` is NULL or
 * writable. `progress` is NULL or a function that may be called with `context` until this call
 * returns.
 */
enum qtx_status qtx_ova_edit(const char *path,
                             const char *edits,
                             const char *to,
                             qtx_progress progress,
                             void *context,
                             char **report,
                             struct qtx_error **error);

/**
 * Tells which of ovftool, vCenter, VirtualBox, virt-v2v and Proxmox VE refuse an appliance or
 * read it wrongly. `report` becomes `{"objections":[{"code","tools","message","repairable",`
 * `"path","line","column"}]}` as of `quantix ova diagnose`; free it with `qtx_string_free`. Any
 * thread.
 *
 * # Safety
 * `path` is a NUL-terminated string. `report` is writable. `error` is NULL or writable.
 */
enum qtx_status qtx_ova_diagnose(const char *path, char **report, struct qtx_error **error);

/**
 * Writes an appliance again as the OVA `to`, without what other tools refuse. `report` becomes
 * `{"path","bytes","repairs","remaining"}` as of `quantix ova repair`; free it with
 * `qtx_string_free`. After an error nothing is left. Any thread.
 *
 * # Safety
 * `path` and `to` are NUL-terminated strings. `report` is writable. `error` is NULL or writable.
 * `progress` is NULL or a function that may be called with `context` until this call returns.
 */
enum qtx_status qtx_ova_repair(const char *path,
                               const char *to,
                               qtx_progress progress,
                               void *context,
                               char **report,
                               struct qtx_error **error);

/**
 * Makes the OVA `to` from a description (JSON, as `quantix ova create` reads it); paths of disks
 * are relative to `base`, or to the working directory when it is NULL. `report` becomes
 * `{"path","bytes","files","findings"}`; free it with `qtx_string_free`. Equal input gives equal
 * bytes; after an error nothing is left. Any thread.
 *
 * # Safety
 * `spec` and `to` are NUL-terminated strings, `base` is one or NULL. `report` is writable.
 * `error` is NULL or writable. `progress` is NULL or a function that may be called with `context`
 * until this call returns.
 */
enum qtx_status qtx_ova_create(const char *spec,
                               const char *base,
                               const char *to,
                               qtx_progress progress,
                               void *context,
                               char **report,
                               struct qtx_error **error);

/**
 * Plans the evacuation of nodes for maintenance.
 *
 * `cluster_json` is the cluster file of `quantix plan`, `request_json` its request (`{"nodes":
 * ["n1"]}` at the least), `policy_json` NULL for the default policy. On success `*answer_out` is
 * the document of `quantix plan drain --json`, owned by the caller and freed with
 * `qtx_string_free`; machines that cannot move are part of it and no error. May be called from any
 * thread.
 *
 * # Safety
 * Texts are NUL-terminated; `answer_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_plan_drain(const char *cluster_json,
                               const char *request_json,
                               const char *policy_json,
                               char **answer_out,
                               struct qtx_error **error);

/**
 * Plans the restart of what ran on lost nodes.
 *
 * `request_json` is the request of `quantix plan failover`; otherwise as `qtx_plan_drain`: the answer
 * is the document of `quantix plan failover --json`, and an answer of no is no error.
 *
 * # Safety
 * As `qtx_plan_drain`.
 */
enum qtx_status qtx_plan_failover(const char *cluster_json,
                                  const char *request_json,
                                  const char *policy_json,
                                  char **answer_out,
                                  struct qtx_error **error);

/**
 * Tells whether everything restarts when nodes fail, and what does not.
 *
 * `request_json` is the request of `quantix plan admission`; otherwise as `qtx_plan_drain`: the answer
 * is the document of `quantix plan admission --json`, and an answer of no is no error.
 *
 * # Safety
 * As `qtx_plan_drain`.
 */
enum qtx_status qtx_plan_admission(const char *cluster_json,
                                   const char *request_json,
                                   const char *policy_json,
                                   char **answer_out,
                                   struct qtx_error **error);

/**
 * Plans moves so that machines get what they use.
 *
 * `request_json` is the request of `quantix plan balance`; otherwise as `qtx_plan_drain`: the answer
 * is the document of `quantix plan balance --json`, and an answer of no is no error.
 *
 * # Safety
 * As `qtx_plan_drain`.
 */
enum qtx_status qtx_plan_balance(const char *cluster_json,
                                 const char *request_json,
                                 const char *policy_json,
                                 char **answer_out,
                                 struct qtx_error **error);

/**
 * Tells how many more machines fit, and for how long that lasts.
 *
 * `request_json` is the request of `quantix plan capacity`; otherwise as `qtx_plan_drain`: the answer
 * is the document of `quantix plan capacity --json`, and an answer of no is no error.
 *
 * # Safety
 * As `qtx_plan_drain`.
 */
enum qtx_status qtx_plan_capacity(const char *cluster_json,
                                  const char *request_json,
                                  const char *policy_json,
                                  char **answer_out,
                                  struct qtx_error **error);

/**
 * Tells what changes of the cluster would do.
 *
 * `request_json` is the request of `quantix plan whatif`; otherwise as `qtx_plan_drain`: the answer
 * is the document of `quantix plan whatif --json`, and an answer of no is no error.
 *
 * # Safety
 * As `qtx_plan_drain`.
 */
enum qtx_status qtx_plan_whatif(const char *cluster_json,
                                const char *request_json,
                                const char *policy_json,
                                char **answer_out,
                                struct qtx_error **error);

/**
 * Searches for a cheaper assignment of processes to machines.
 *
 * `model` and `assignment` are the texts of `quantix plan reassign` (the form of the ROADEF/EURO
 * challenge 2012), `request_json` NULL or its budget: `{"seed": 1, "seconds": 60}`, or
 * `{"evaluations": 1000000}` for the same plan on every processor. On success `*answer_out` is the
 * document of `quantix plan reassign --json`, owned by the caller and freed with `qtx_string_free`.
 * The call takes as long as the budget says. May be called from any thread.
 *
 * # Safety
 * Texts are NUL-terminated; `request_json` may be NULL; `answer_out` is writable; `error` is NULL or
 * writable.
 */
enum qtx_status qtx_plan_reassign(const char *model,
                                  const char *assignment,
                                  const char *request_json,
                                  char **answer_out,
                                  struct qtx_error **error);

/**
 * As `qtx_plan_whatif`, as a page with charts.
 *
 * On success `*page_out` is HTML that needs no other file, owned by the caller and freed with
 * `qtx_string_free`.
 *
 * # Safety
 * As `qtx_plan_drain`.
 */
enum qtx_status qtx_plan_whatif_html(const char *cluster_json,
                                     const char *request_json,
                                     const char *policy_json,
                                     char **page_out,
                                     struct qtx_error **error);

/**
 * Runs a generated fleet in virtual time.
 *
 * `config_json` is the fleet file of `quantix simulate --fleet`; `{}` is 1,250 hosts with 20,000
 * machines and a day. On success `*answer_out` is the document of `quantix simulate --fleet --json`,
 * owned by the caller and freed with `qtx_string_free`. The same config gives the same bytes. May be
 * called from any thread.
 *
 * # Safety
 * As `qtx_plan_drain`.
 */
enum qtx_status qtx_simulate_fleet(const char *config_json,
                                   char **answer_out,
                                   struct qtx_error **error);

/**
 * As `qtx_simulate_fleet`, as a page with charts: HTML that needs no other file.
 *
 * # Safety
 * As `qtx_plan_drain`.
 */
enum qtx_status qtx_simulate_fleet_html(const char *config_json,
                                        char **page_out,
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

/**
 * Decides where one machine would go on a cluster, and why, as a record that can be stored.
 *
 * `vm_json` is a machine as in the list of `quantix place`; `policy_json` is NULL for the default
 * policy. On success `*record_out` is the record, owned by the caller and freed with
 * `qtx_string_free`; that the machine fits nowhere is part of it and no error. May be called from
 * any thread.
 *
 * # Safety
 * Texts are NUL-terminated; `record_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_decide(const char *cluster_json,
                           const char *vm_json,
                           const char *policy_json,
                           char **record_out,
                           struct qtx_error **error);

/**
 * Makes a stored decision again on the same cluster; fails with `QTX_STATUS_INVALID_INPUT` when
 * the cluster is another or anything comes out otherwise, and says what. On success `*record_out`
 * is the record that was made again, with the bytes that `qtx_decide` gave, owned by the caller and
 * freed with `qtx_string_free`. May be called from any thread.
 *
 * # Safety
 * Texts are NUL-terminated; `record_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_replay(const char *record_json,
                           const char *cluster_json,
                           char **record_out,
                           struct qtx_error **error);

/**
 * Checks a document of a seed.
 *
 * `kind` is `user-data`, `vendor-data`, `meta-data`, `network-config`, `network-v1`, `network-v2`,
 * `butane` or `unattend`, or NULL to detect it;
 * `cloud_init` is the version or range of versions that must accept it, NULL for the newest;
 * `renderer` is NULL or who applies a network configuration. On success, valid or not,
 * `*answer_out` is the document of `quantix seed check --json`, owned by the caller and freed
 * with `qtx_string_free`. May be called from any thread.
 *
 * # Safety
 * Texts are NUL-terminated; `answer_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_seed_check(const char *seed_document,
                               const char *kind,
                               const char *cloud_init,
                               const char *renderer,
                               char **answer_out,
                               struct qtx_error **error);

/**
 * Tells what a document of a seed makes the guest do.
 *
 * `kind` is as for `qtx_seed_check`. On success `*answer_out` is the document of `quantix seed
 * explain --json`, owned by the caller and freed with `qtx_string_free`. May be called from any
 * thread.
 *
 * # Safety
 * Texts are NUL-terminated; `answer_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_seed_explain(const char *seed_document,
                                 const char *kind,
                                 char **answer_out,
                                 struct qtx_error **error);

/**
 * Compares two seeds, and tells what the change triggers in a guest that has booted with the
 * first.
 *
 * A seed is a JSON object from `user-data`, `meta-data`, `vendor-data` and `network-config` to
 * their texts. On success `*answer_out` is the document of `quantix seed diff --json`, owned by
 * the caller and freed with `qtx_string_free`. May be called from any thread.
 *
 * # Safety
 * Texts are NUL-terminated; `answer_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_seed_diff(const char *before_json,
                              const char *after_json,
                              char **answer_out,
                              struct qtx_error **error);

/**
 * Merges cloud-config documents as cloud-init does.
 *
 * `documents_json` is a JSON list of `{"name", "text"}`. On success `*answer_out` is the document
 * of `quantix seed merge --json`, owned by the caller and freed with `qtx_string_free`. A text
 * that is no YAML is a fault, with its place among the findings. May be called from any thread.
 *
 * # Safety
 * Texts are NUL-terminated; `answer_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_seed_merge(const char *documents_json,
                               char **answer_out,
                               struct qtx_error **error);

/**
 * Writes a JSON value as YAML that cloud-init's parser reads back as exactly that value.
 *
 * `header` is NULL, or one line such as `#cloud-config` to stand first. On success `*yaml_out` is
 * the text, owned by the caller and freed with `qtx_string_free`. May be called from any thread.
 *
 * # Safety
 * Texts are NUL-terminated; `yaml_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_yaml_emit(const char *value_json,
                              const char *header,
                              char **yaml_out,
                              struct qtx_error **error);

/**
 * Answers a question to the guest customization.
 *
 * `question_json` is a document such as `{"op": "check", "text": "#cloud-config\n"}`. The operations
 * are `check`, `explain`, `diff`, `merge`, `edit`, `yaml_load`, `yaml_dump`, `mime_write`,
 * `mime_split`, `render`, `seed_image`, `butane`, `hostname`, `time_zone`, `ssh_key` and
 * `password_hash`; bytes are base64. On success `*answer_out` is the answer as JSON, owned by the
 * caller and freed with `qtx_string_free`. A refused question gives `QTX_STATUS_INVALID_INPUT` and
 * its findings. May be called from any thread.
 *
 * # Safety
 * `question_json` is NUL-terminated; `answer_out` is writable; `error` is NULL or writable.
 */
enum qtx_status qtx_cloudinit_ask(const char *question_json,
                                  char **answer_out,
                                  struct qtx_error **error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* QUANTIX_H */
