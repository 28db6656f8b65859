/* What powerloss.c keeps: files and names, each as programs see it and as the disk would have it, the image
 * they are read from and saved to, and how power is lost. Included by powerloss.c alone. */
#ifndef POWERLOSS_FILES_H
#define POWERLOSS_FILES_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PAGE_BYTES 4096u
#define SECTOR_BYTES 512u
#define SECTORS_PER_PAGE (PAGE_BYTES / SECTOR_BYTES)
#define NAME_BYTES_MAX 255u

/* One write in this many lets some dirty sectors of the file reach the disk early. */
#define WRITE_BACK_ODDS 16u

/* ---- Files ------------------------------------------------------------------------------------------------------ */

/* A page of zeros is a null pointer, so that files filled beforehand cost nothing. */
typedef struct content {
  uint8_t **pages;
  size_t n_pages;
  off_t size;
} content;

struct directory;

typedef struct node {
  mode_t mode;
  ino_t number;
  struct timespec modified;
  unsigned links; /* current names */
  unsigned opened;
  unsigned kept; /* durable names and pending name changes that mention it */
  content current, durable;
  bool shrunk; /* was cut to shrunk_size since its last sync; the cut reaches the disk before any later data */
  off_t shrunk_size;
  uint8_t *dirty; /* one bit per sector, by page */
  size_t n_dirty;
  struct directory *directory; /* for directories */
} node;

typedef struct entry {
  char name[NAME_BYTES_MAX + 1];
  node *target;
  bool joined; /* pending only: becomes durable together with the entry before it */
} entry;

typedef struct names {
  entry *list;
  size_t count, room;
} names;

/* A change of one name that no fsync of the directory has covered yet; a null target removes the name. */
typedef struct directory {
  names current, durable;
  names pending;
} directory;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static node *root;
static const char *image_path;
static ino_t next_number = 1;
static uint64_t random_state = 1;
static uint64_t operations, lose_after;
static bool lost, lying;

static uint64_t random_next(void) {
  random_state += 0x9E3779B97F4A7C15u;
  uint64_t z = random_state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

static bool chance(unsigned percent) { return random_next() % 100 < percent; }

static void *must(void *memory) {
  if (memory == NULL) {
    fputs("powerloss: out of memory\n", stderr);
    _exit(2);
  }
  return memory;
}

/* ---- Content ---------------------------------------------------------------------------------------------------- */

static bool is_zero(const uint8_t *bytes, size_t count) {
  return count == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, count - 1) == 0);
}

static void content_reserve(content *c, size_t n_pages) {
  if (n_pages <= c->n_pages) return;
  size_t room = n_pages + n_pages / 2;
  c->pages = must(realloc(c->pages, room * sizeof *c->pages));
  memset(c->pages + c->n_pages, 0, (room - c->n_pages) * sizeof *c->pages);
  c->n_pages = room;
}

static uint8_t *content_page(content *c, size_t page) {
  content_reserve(c, page + 1);
  if (c->pages[page] == NULL) c->pages[page] = must(calloc(1, PAGE_BYTES));
  return c->pages[page];
}

static const uint8_t *content_peek(const content *c, size_t page) {
  static const uint8_t zeros[PAGE_BYTES];
  return page < c->n_pages && c->pages[page] != NULL ? c->pages[page] : zeros;
}

/* Writes inside one page; a page that was never anything but zeros stays unallocated. */
static void content_put(content *c, size_t page, size_t start, const uint8_t *bytes, size_t count) {
  bool absent = page >= c->n_pages || c->pages[page] == NULL;
  if (absent && is_zero(bytes, count)) return;
  memcpy(content_page(c, page) + start, bytes, count);
}

static void content_read(const content *c, off_t offset, uint8_t *out, size_t count) {
  while (count > 0) {
    size_t start = (size_t)offset % PAGE_BYTES;
    size_t step = PAGE_BYTES - start < count ? PAGE_BYTES - start : count;
    memcpy(out, content_peek(c, (size_t)offset / PAGE_BYTES) + start, step);
    out += step, offset += (off_t)step, count -= step;
  }
}

/* Zeros what lies behind a new, smaller size, so that a later extension reads zeros. */
static void content_cut(content *c, off_t size) {
  size_t first = ((size_t)size + PAGE_BYTES - 1) / PAGE_BYTES;
  for (size_t page = first; page < c->n_pages; page++) {
    free(c->pages[page]);
    c->pages[page] = NULL;
  }
  size_t rest = (size_t)size % PAGE_BYTES, page = (size_t)size / PAGE_BYTES;
  if (rest != 0 && page < c->n_pages && c->pages[page] != NULL)
    memset(c->pages[page] + rest, 0, PAGE_BYTES - rest);
}

static void content_free(content *c) {
  for (size_t page = 0; page < c->n_pages; page++) free(c->pages[page]);
  free(c->pages);
  memset(c, 0, sizeof *c);
}

/* ---- Dirty sectors ---------------------------------------------------------------------------------------------- */

static void mark_dirty(node *file, off_t offset, size_t count) {
  size_t first = (size_t)offset / SECTOR_BYTES, last = ((size_t)offset + count - 1) / SECTOR_BYTES;
  size_t pages = last / SECTORS_PER_PAGE + 1;
  if (pages > file->n_dirty) {
    size_t room = pages + pages / 2;
    file->dirty = must(realloc(file->dirty, room));
    memset(file->dirty + file->n_dirty, 0, room - file->n_dirty);
    file->n_dirty = room;
  }
  for (size_t s = first; s <= last; s++)
    file->dirty[s / SECTORS_PER_PAGE] |= (uint8_t)(1u << (s % SECTORS_PER_PAGE));
}

static void make_cut_durable(node *file) {
  if (file->shrunk && file->durable.size > file->shrunk_size) {
    content_cut(&file->durable, file->shrunk_size);
    file->durable.size = file->shrunk_size;
  }
  file->shrunk = false;
}

/* Makes each dirty sector durable with the given chance. A sector that survives takes the file's size with it. */
static void write_back(node *file, unsigned percent) {
  for (size_t page = 0; page < file->n_dirty; page++) {
    if (file->dirty[page] == 0) continue;
    for (unsigned s = 0; s < SECTORS_PER_PAGE; s++) {
      uint8_t bit = (uint8_t)(1u << s);
      if ((file->dirty[page] & bit) == 0 || !chance(percent)) continue;
      file->dirty[page] &= (uint8_t)~bit;
      if ((off_t)(page * PAGE_BYTES + s * SECTOR_BYTES) >= file->current.size) continue;
      make_cut_durable(file);
      const uint8_t *from = content_peek(&file->current, page) + s * SECTOR_BYTES;
      content_put(&file->durable, page, s * SECTOR_BYTES, from, SECTOR_BYTES);
      off_t end = (off_t)(page * PAGE_BYTES + (s + 1) * SECTOR_BYTES);
      if (end > file->current.size) end = file->current.size;
      if (end > file->durable.size) file->durable.size = end;
    }
  }
}

static void make_durable(node *file) {
  make_cut_durable(file);
  write_back(file, 100);
  file->durable.size = file->current.size;
}

/* ---- Names ------------------------------------------------------------------------------------------------------ */

static entry *names_find(names *n, const char *name) {
  for (size_t i = 0; i < n->count; i++)
    if (strcmp(n->list[i].name, name) == 0) return &n->list[i];
  return NULL;
}

static entry *names_append(names *n, const char *name, node *target) {
  if (n->count == n->room) {
    n->room = n->room * 2 + 8;
    n->list = must(realloc(n->list, n->room * sizeof *n->list));
  }
  entry *e = &n->list[n->count++];
  snprintf(e->name, sizeof e->name, "%s", name);
  e->target = target;
  e->joined = false;
  return e;
}

static void node_release(node *n) {
  if (n->links > 0 || n->opened > 0 || n->kept > 0 || n->directory != NULL) return;
  content_free(&n->current);
  content_free(&n->durable);
  free(n->dirty);
  free(n);
}

static void node_unkeep(node *n) {
  if (n == NULL) return;
  n->kept--;
  node_release(n);
}

static void durable_set(directory *d, const char *name, node *target) {
  entry *old = names_find(&d->durable, name);
  if (old != NULL) {
    node *before = old->target;
    *old = d->durable.list[--d->durable.count];
    node_unkeep(before);
  }
  if (target == NULL) return;
  names_append(&d->durable, name, target);
  target->kept++;
}

/* Changes a name as programs see it, and remembers the change until the directory is synced. */
static void bind_name(directory *d, const char *name, node *target) {
  entry *old = names_find(&d->current, name);
  if (target != NULL) target->links++, target->kept++;
  names_append(&d->pending, name, target);
  if (old != NULL) {
    node *before = old->target;
    *old = d->current.list[--d->current.count];
    before->links--;
    node_release(before);
  }
  if (target != NULL) names_append(&d->current, name, target);
}

static void commit_names(directory *d, size_t count) {
  for (size_t i = 0; i < count; i++) durable_set(d, d->pending.list[i].name, d->pending.list[i].target);
  for (size_t i = 0; i < d->pending.count; i++) node_unkeep(d->pending.list[i].target);
  d->pending.count = 0;
}

static node *node_new(mode_t mode) {
  node *n = must(calloc(1, sizeof *n));
  n->mode = mode;
  n->number = next_number++;
  clock_gettime(CLOCK_REALTIME, &n->modified);
  if (S_ISDIR(mode)) n->directory = must(calloc(1, sizeof *n->directory));
  return n;
}

static node *find(const char *path) {
  node *at = root;
  char name[NAME_BYTES_MAX + 1];
  while (*path == '/') path++;
  while (*path != 0) {
    size_t len = strcspn(path, "/");
    if (at->directory == NULL || len > NAME_BYTES_MAX) return NULL;
    memcpy(name, path, len);
    name[len] = 0;
    entry *e = names_find(&at->directory->current, name);
    if (e == NULL) return NULL;
    at = e->target;
    path += len;
    while (*path == '/') path++;
  }
  return at;
}

static directory *find_parent(const char *path, const char **name) {
  char parent[4096];
  const char *slash = strrchr(path, '/');
  snprintf(parent, sizeof parent, "%.*s", (int)(slash - path), path);
  *name = slash + 1;
  node *n = find(parent);
  return n == NULL ? NULL : n->directory;
}

/* ---- The image -------------------------------------------------------------------------------------------------- */

static void load_file(node *file, int fd) {
  uint8_t page[PAGE_BYTES];
  ssize_t got;
  off_t offset = 0;
  while ((got = pread(fd, page, sizeof page, offset)) > 0) {
    content_put(&file->current, (size_t)offset / PAGE_BYTES, 0, page, (size_t)got);
    content_put(&file->durable, (size_t)offset / PAGE_BYTES, 0, page, (size_t)got);
    offset += got;
  }
  file->current.size = file->durable.size = offset;
}

static void load_directory(directory *d, const char *path) {
  DIR *listing = opendir(path);
  if (listing == NULL) return;
  for (struct dirent *e; (e = readdir(listing)) != NULL;) {
    if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
    char below[4096];
    struct stat st;
    snprintf(below, sizeof below, "%s/%s", path, e->d_name);
    if (lstat(below, &st) != 0 || !(S_ISDIR(st.st_mode) || S_ISREG(st.st_mode))) continue;
    node *n = node_new(st.st_mode);
    bind_name(d, e->d_name, n);
    if (S_ISDIR(st.st_mode)) {
      load_directory(n->directory, below);
    } else {
      int fd = open(below, O_RDONLY);
      if (fd >= 0) load_file(n, fd), close(fd);
    }
  }
  closedir(listing);
  commit_names(d, d->pending.count);
}

static void save_file(const node *file, const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, file->mode & 0777);
  if (fd < 0) return;
  for (size_t page = 0; page < file->durable.n_pages; page++) {
    off_t offset = (off_t)(page * PAGE_BYTES);
    if (file->durable.pages[page] == NULL || offset >= file->durable.size) continue;
    off_t rest = file->durable.size - offset;
    size_t count = rest < (off_t)PAGE_BYTES ? (size_t)rest : PAGE_BYTES;
    if (pwrite(fd, file->durable.pages[page], count, offset) < 0) perror("powerloss: image");
  }
  if (ftruncate(fd, file->durable.size) != 0) perror("powerloss: image");
  close(fd);
}

static void save_directory(directory *d, const char *path) {
  mkdir(path, 0777);
  for (size_t i = 0; i < d->durable.count; i++) {
    char below[4096];
    node *n = d->durable.list[i].target;
    snprintf(below, sizeof below, "%s/%s", path, d->durable.list[i].name);
    if (n->directory != NULL) save_directory(n->directory, below);
    else if (S_ISREG(n->mode)) save_file(n, below);
  }
}

static void clear_image(const char *path) {
  DIR *listing = opendir(path);
  if (listing == NULL) return;
  for (struct dirent *e; (e = readdir(listing)) != NULL;) {
    if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
    char below[4096];
    struct stat st;
    snprintf(below, sizeof below, "%s/%s", path, e->d_name);
    if (lstat(below, &st) != 0) continue;
    if (S_ISDIR(st.st_mode)) clear_image(below), rmdir(below);
    else unlink(below);
  }
  closedir(listing);
}

/* ---- Losing power ----------------------------------------------------------------------------------------------- */

typedef void (*visitor)(node *);

static void each_node(node *n, visitor visit) {
  visit(n);
  if (n->directory == NULL) return;
  for (size_t i = 0; i < n->directory->durable.count; i++) each_node(n->directory->durable.list[i].target, visit);
}

static void lose_names(node *n) {
  if (n->directory == NULL) return;
  names *pending = &n->directory->pending;
  size_t kept = (size_t)(random_next() % (pending->count + 1));
  while (kept < pending->count && pending->list[kept].joined) kept++;
  commit_names(n->directory, kept);
}

static void lose_data(node *n) {
  if (!S_ISREG(n->mode)) return;
  static const unsigned kinds[] = {0, 10, 50, 90, 100};
  bool size_known = chance(50);
  write_back(n, kinds[random_next() % (sizeof kinds / sizeof *kinds)]);
  if (!size_known) return;
  make_cut_durable(n);
  n->durable.size = n->current.size;
}

static void lose_power(void) {
  if (lost) return;
  lost = true;
  each_node(root, lose_names);
  each_node(root, lose_data);
  clear_image(image_path);
  save_directory(root->directory, image_path);
  puts("lost");
  fflush(stdout);
}

/* Counts an operation that changes or syncs something. Answers whether it may still happen. */
static bool alive(void) {
  operations++;
  if (!lost && lose_after != 0 && operations >= lose_after) lose_power();
  return !lost;
}

static void *wait_for_signal(void *unused) {
  (void)unused;
  sigset_t set;
  int signal_number;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  for (;;) {
    if (sigwait(&set, &signal_number) != 0) continue;
    pthread_mutex_lock(&lock);
    lose_power();
    pthread_mutex_unlock(&lock);
  }
  return NULL;
}

#endif
