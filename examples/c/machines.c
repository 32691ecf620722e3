/* SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * Makes, plans, watches and removes a machine on a host, in C.
 *
 * usage: machines URI SPEC
 *
 * URI is a libvirt host, such as qemu:///system, or fake:///1, a host in memory; SPEC is the
 * description of the machine, in JSON. examples/python/machines.py does the same.
 */
#include <quantix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what, qtx_error *error) {
  fprintf(stderr, "%s: %s\n%s\n", what, qtx_error_message(error), qtx_error_details(error));
  qtx_error_free(error);
  exit(EXIT_FAILURE);
}

/* Makes a call that must work and prints its answer. */
static void run(const qtx_host *host, const char *what, const char *request) {
  char *answer = NULL;
  qtx_error *error = NULL;
  if (qtx_host_run(host, request, 0, &answer, &error) != QTX_STATUS_OK) fail(what, error);
  printf("%s: %s\n", what, answer);
  qtx_string_free(answer);
}

static char *read_file(const char *path) {
  FILE *file = fopen(path, "rb");
  char *text = calloc(1, 1 << 16);
  if (file == NULL || text == NULL || fread(text, 1, (1 << 16) - 1, file) == 0) {
    fprintf(stderr, "cannot read %s\n", path);
    exit(EXIT_FAILURE);
  }
  fclose(file);
  return text;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: %s URI SPEC\n", argv[0]);
    return EXIT_FAILURE;
  }
  qtx_host *host = NULL;
  qtx_events *events = NULL;
  qtx_error *error = NULL;
  if (qtx_host_connect(argv[1], 60000, &host, &error) != QTX_STATUS_OK) fail("connect", error);
  if (qtx_host_events(host, &events, &error) != QTX_STATUS_OK) fail("events", error);

  char *spec = read_file(argv[2]);
  char *request = calloc(1, strlen(spec) + 128);
  if (request == NULL) return EXIT_FAILURE;
  sprintf(request, "{\"op\":\"create\",\"start\":true,\"spec\":%s}", spec);
  run(host, "create", request);
  sprintf(request, "{\"op\":\"plan\",\"vm\":\"web\",\"spec\":%s}", spec);
  run(host, "plan", request);
  run(host, "show", "{\"op\":\"show\",\"vm\":\"web\"}");
  run(host, "stop", "{\"op\":\"stop\",\"vm\":\"web\",\"mode\":\"destroy\"}");
  run(host, "delete", "{\"op\":\"delete\",\"vm\":\"web\"}");

  /* What happened meanwhile; the first event says from where on nothing is missed. */
  for (int left = 5; left > 0; left--) {
    char *event = NULL;
    if (qtx_events_next(events, 60000, &event, &error) != QTX_STATUS_OK) fail("event", error);
    printf("event: %s\n", event == NULL ? "none in time" : event);
    qtx_string_free(event);
  }

  /* A program decides on the class of an error, a person reads its message. */
  char *answer = NULL;
  if (qtx_host_run(host, "{\"op\":\"start\",\"vm\":\"web\"}", 0, &answer, &error) == QTX_STATUS_OK) {
    fprintf(stderr, "a machine that was removed started\n");
    return EXIT_FAILURE;
  }
  printf("error: %s\n", qtx_error_message(error));
  qtx_error_free(error);

  free(request);
  free(spec);
  qtx_events_free(events);
  qtx_host_free(host);
  return EXIT_SUCCESS;
}
