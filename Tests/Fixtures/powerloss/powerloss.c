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

#include "files.h"

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
