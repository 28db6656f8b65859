/* powerloss - a file system that forgets what was not synced.
 *
 *   powerloss IMAGE MOUNTPOINT [--seed N] [--lose-after N] [--no-sync]
 *
 * Everything lives in memory twice: as programs see it (current) and as it would be found after the plug was pulled
 * (durable). IMAGE, an ordinary directory, is read at the start and gets the durable state when power is lost, or
 * everything when the file system is unmounted in good order. The rules are as unkind as POSIX allows:
 *
 *   - data and size of a file become durable with fsync or fdatasync of that file, and only then for certain;
 *   - a name (create, mkdir, rename, unlink) becomes durable with fsync of its directory, and only then;
 *   - now and then a few unsynced sectors are written back on their own, as kernels do.
 *
 * Power is lost at SIGUSR1, or at the N-th operation that changes or syncs something (--lose-after). A random part of
 * the unsynced sectors (512 bytes each) survives, of the unsynced names of each directory a random prefix. From then on
 * everything fails with EIO. "lost" is written to standard output when the image is complete.
 *
 * --no-sync answers every sync with success and does nothing, as a disk that lies: a test that passes on it proves
 * nothing.
 */
#define FUSE_USE_VERSION 31
#define _GNU_SOURCE

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

/* ---- Operations ------------------------------------------------------------------------------------------------- */

/* Every operation holds the lock, and fails once power is lost. */
#define BEGIN(condition)         \
  int result = 0;                \
  pthread_mutex_lock(&lock);     \
  if (!(condition)) {            \
    result = -EIO;               \
    goto done;                   \
  }
#define REFUSE(code)   \
  do {                 \
    result = -(code);  \
    goto done;         \
  } while (0)
#define END                    \
  done:                        \
  pthread_mutex_unlock(&lock); \
  return result;

static node *opened(struct fuse_file_info *info) { return (node *)(uintptr_t)info->fh; }

/* By handle where there is one: the file may have lost its name. */
static node *find_node(const char *path, struct fuse_file_info *info) {
  return info != NULL && info->fh != 0 ? opened(info) : find(path);
}

static int fs_getattr(const char *path, struct stat *st, struct fuse_file_info *info) {
  BEGIN(!lost)
  node *n = find_node(path, info);
  if (n == NULL) REFUSE(ENOENT);
  memset(st, 0, sizeof *st);
  st->st_mode = n->mode;
  st->st_ino = n->number;
  st->st_nlink = n->directory != NULL ? 2 : n->links;
  st->st_size = n->current.size;
  st->st_blocks = (n->current.size + 511) / 512;
  st->st_mtim = st->st_ctim = st->st_atim = n->modified;
  st->st_uid = getuid();
  st->st_gid = getgid();
  END
}

static int make(const char *path, mode_t mode, node **out) {
  const char *name;
  directory *parent = find_parent(path, &name);
  if (parent == NULL) return -ENOENT;
  if (strlen(name) > NAME_BYTES_MAX) return -ENAMETOOLONG;
  if (names_find(&parent->current, name) != NULL) return -EEXIST;
  *out = node_new(mode);
  bind_name(parent, name, *out);
  return 0;
}

static int fs_create(const char *path, mode_t mode, struct fuse_file_info *info) {
  node *n = NULL;
  BEGIN(alive())
  result = make(path, S_IFREG | (mode & 07777), &n);
  if (result != 0) goto done;
  n->opened++;
  info->fh = (uint64_t)(uintptr_t)n;
  info->keep_cache = 1;
  END
}

static int fs_mknod(const char *path, mode_t mode, dev_t device) {
  node *n;
  (void)device;
  BEGIN(alive())
  result = make(path, mode, &n);
  END
}

static int fs_mkdir(const char *path, mode_t mode) {
  node *n;
  BEGIN(alive())
  result = make(path, S_IFDIR | (mode & 07777), &n);
  END
}

static int fs_open(const char *path, struct fuse_file_info *info) {
  BEGIN(!lost)
  node *n = find(path);
  if (n == NULL) REFUSE(ENOENT);
  n->opened++;
  info->fh = (uint64_t)(uintptr_t)n;
  info->keep_cache = 1;
  END
}

static int fs_release(const char *path, struct fuse_file_info *info) {
  (void)path;
  pthread_mutex_lock(&lock);
  node *n = opened(info);
  n->opened--;
  node_release(n);
  pthread_mutex_unlock(&lock);
  return 0;
}

static int fs_read(const char *path, char *out, size_t count, off_t offset, struct fuse_file_info *info) {
  (void)path;
  BEGIN(!lost)
  node *n = opened(info);
  if (offset >= n->current.size) goto done;
  if ((off_t)count > n->current.size - offset) count = (size_t)(n->current.size - offset);
  content_read(&n->current, offset, (uint8_t *)out, count);
  result = (int)count;
  END
}

static int fs_write(const char *path, const char *bytes, size_t count, off_t offset, struct fuse_file_info *info) {
  (void)path;
  BEGIN(alive())
  node *n = opened(info);
  if (random_next() % WRITE_BACK_ODDS == 0) write_back(n, (unsigned)(random_next() % 101));
  for (size_t done_bytes = 0; done_bytes < count;) {
    size_t at = (size_t)offset + done_bytes, start = at % PAGE_BYTES;
    size_t step = PAGE_BYTES - start < count - done_bytes ? PAGE_BYTES - start : count - done_bytes;
    content_put(&n->current, at / PAGE_BYTES, start, (const uint8_t *)bytes + done_bytes, step);
    done_bytes += step;
  }
  if (count > 0) mark_dirty(n, offset, count);
  if (offset + (off_t)count > n->current.size) n->current.size = offset + (off_t)count;
  clock_gettime(CLOCK_REALTIME, &n->modified);
  result = (int)count;
  END
}

static int fs_truncate(const char *path, off_t size, struct fuse_file_info *info) {
  BEGIN(alive())
  node *n = find_node(path, info);
  if (n == NULL) REFUSE(ENOENT);
  if (size < n->current.size) {
    content_cut(&n->current, size);
    if (!n->shrunk || size < n->shrunk_size) n->shrunk_size = size;
    n->shrunk = true;
  }
  n->current.size = size;
  END
}

static int fs_fallocate(const char *path, int mode, off_t offset, off_t count, struct fuse_file_info *info) {
  (void)path;
  BEGIN(alive())
  if (mode != 0) REFUSE(EOPNOTSUPP);
  node *n = opened(info);
  if (offset + count > n->current.size) n->current.size = offset + count;
  END
}

static int fs_unlink(const char *path) {
  const char *name;
  BEGIN(alive())
  directory *parent = find_parent(path, &name);
  if (parent == NULL || names_find(&parent->current, name) == NULL) REFUSE(ENOENT);
  bind_name(parent, name, NULL);
  END
}

static int fs_rmdir(const char *path) {
  const char *name;
  BEGIN(alive())
  node *n = find(path);
  if (n == NULL || n->directory == NULL) REFUSE(ENOENT);
  if (n->directory->current.count > 0) REFUSE(ENOTEMPTY);
  bind_name(find_parent(path, &name), strrchr(path, '/') + 1, NULL);
  END
}

static int fs_rename(const char *from, const char *to, unsigned flags) {
  const char *from_name, *to_name;
  BEGIN(alive())
  if (flags != 0) REFUSE(EINVAL);
  directory *source = find_parent(from, &from_name), *target = find_parent(to, &to_name);
  entry *e = source == NULL ? NULL : names_find(&source->current, from_name);
  if (e == NULL || target == NULL) REFUSE(ENOENT);
  node *moved = e->target;
  bind_name(target, to_name, moved);
  bind_name(source, from_name, NULL);
  source->pending.list[source->pending.count - 1].joined = source == target;
  END
}

static int fs_fsync(const char *path, int data_only, struct fuse_file_info *info) {
  (void)path, (void)data_only;
  BEGIN(alive())
  if (!lying) make_durable(opened(info));
  END
}

static int fs_fsyncdir(const char *path, int data_only, struct fuse_file_info *info) {
  (void)data_only;
  BEGIN(alive())
  node *n = find_node(path, info);
  if (n == NULL || n->directory == NULL) REFUSE(ENOENT);
  if (!lying) commit_names(n->directory, n->directory->pending.count);
  END
}

static int fs_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset, struct fuse_file_info *info,
                      enum fuse_readdir_flags flags) {
  (void)offset, (void)flags;
  BEGIN(!lost)
  node *n = find_node(path, info);
  if (n == NULL || n->directory == NULL) REFUSE(ENOENT);
  fill(buffer, ".", NULL, 0, 0);
  fill(buffer, "..", NULL, 0, 0);
  for (size_t i = 0; i < n->directory->current.count; i++) fill(buffer, n->directory->current.list[i].name, NULL, 0, 0);
  END
}

static int fs_chmod(const char *path, mode_t mode, struct fuse_file_info *info) {
  BEGIN(alive())
  node *n = find_node(path, info);
  if (n == NULL) REFUSE(ENOENT);
  n->mode = (n->mode & S_IFMT) | (mode & 07777);
  END
}

static int fs_chown(const char *path, uid_t user, gid_t group, struct fuse_file_info *info) {
  (void)path, (void)user, (void)group, (void)info;
  return 0;
}

static int fs_utimens(const char *path, const struct timespec times[2], struct fuse_file_info *info) {
  (void)path, (void)times, (void)info;
  return 0;
}

static int fs_statfs(const char *path, struct statvfs *st) {
  (void)path;
  memset(st, 0, sizeof *st);
  st->f_bsize = st->f_frsize = PAGE_BYTES;
  st->f_blocks = st->f_bfree = st->f_bavail = 16u << 20; /* 64 GiB */
  st->f_files = st->f_ffree = st->f_favail = 1u << 20;
  st->f_namemax = NAME_BYTES_MAX;
  return 0;
}

static void *fs_init(struct fuse_conn_info *connection, struct fuse_config *config) {
  (void)connection;
  config->use_ino = 1;
  config->hard_remove = 1;
  config->nullpath_ok = 1;
  pthread_t thread;
  pthread_create(&thread, NULL, wait_for_signal, NULL);
  puts("mounted");
  fflush(stdout);
  return NULL;
}

static void sync_node(node *n) {
  if (n->directory != NULL) commit_names(n->directory, n->directory->pending.count);
  else if (S_ISREG(n->mode)) make_durable(n);
}

/* An orderly unmount writes everything back first, as kernels do. */
static void fs_destroy(void *unused) {
  (void)unused;
  pthread_mutex_lock(&lock);
  if (!lost) {
    each_node(root, sync_node);
    clear_image(image_path);
    save_directory(root->directory, image_path);
  }
  printf("operations %llu\n", (unsigned long long)operations);
  fflush(stdout);
  pthread_mutex_unlock(&lock);
}

static const struct fuse_operations fs_operations = {
    .init = fs_init,
    .destroy = fs_destroy,
    .getattr = fs_getattr,
    .create = fs_create,
    .mknod = fs_mknod,
    .mkdir = fs_mkdir,
    .open = fs_open,
    .opendir = fs_open,
    .release = fs_release,
    .releasedir = fs_release,
    .read = fs_read,
    .write = fs_write,
    .truncate = fs_truncate,
    .fallocate = fs_fallocate,
    .unlink = fs_unlink,
    .rmdir = fs_rmdir,
    .rename = fs_rename,
    .fsync = fs_fsync,
    .fsyncdir = fs_fsyncdir,
    .readdir = fs_readdir,
    .chmod = fs_chmod,
    .chown = fs_chown,
    .utimens = fs_utimens,
    .statfs = fs_statfs,
};

/* ---- Start ------------------------------------------------------------------------------------------------------ */

int main(int argc, char **argv) {
  if (argc < 3) {
    fputs("usage: powerloss IMAGE MOUNTPOINT [--seed N] [--lose-after N] [--no-sync]\n", stderr);
    return 64;
  }
  for (int i = 3; i < argc; i++) {
    if (strcmp(argv[i], "--no-sync") == 0) lying = true;
    else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) random_state = strtoull(argv[++i], NULL, 10);
    else if (strcmp(argv[i], "--lose-after") == 0 && i + 1 < argc) lose_after = strtoull(argv[++i], NULL, 10);
    else return fprintf(stderr, "powerloss: unknown argument %s\n", argv[i]), 64;
  }
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  image_path = must(realpath(argv[1], NULL));
  root = node_new(S_IFDIR | 0755);
  load_directory(root->directory, image_path);
  char *fuse_arguments[] = {argv[0], "-f", "-s", argv[2], NULL};
  return fuse_main(4, fuse_arguments, &fs_operations, NULL);
}
