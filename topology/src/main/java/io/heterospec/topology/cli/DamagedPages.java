package io.heterospec.topology.cli;

import io.heterospec.topology.session.Stores;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.DBOptions;
import org.rocksdb.FlushOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/**
 * Damage that no store notices: in every page of the session caches one byte is another, and the
 * store's own checksums fit, as if the memory it was written from had been faulty.
 */
final class DamagedPages {
  static {
    RocksDB.loadLibrary();
  }

  private record Page(byte[] key, byte[] bytes) {}

  private DamagedPages() {}

  /**
   * Damages all pages below a state directory that no process has open.
   *
   * @return how many
   */
  static int damage(Path state) {
    try (Stream<Path> files = Files.exists(state) ? Files.walk(state) : Stream.empty()) {
      List<Path> stores = files.filter(DamagedPages::isStoreOfPages).toList();
      int pages = 0;
      for (Path store : stores) {
        pages += damageStore(store.toString());
      }
      return pages;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RocksDBException e) {
      throw new IllegalStateException("the pages below " + state + " cannot be damaged", e);
    }
  }

  private static boolean isStoreOfPages(Path path) {
    return path.endsWith(Stores.SESSION_KV) && Files.exists(path.resolve("CURRENT"));
  }

  private static int damageStore(String store) throws RocksDBException {
    List<ColumnFamilyDescriptor> families = new ArrayList<>();
    try (Options options = new Options()) {
      for (byte[] name : RocksDB.listColumnFamilies(options, store)) {
        families.add(new ColumnFamilyDescriptor(name));
      }
    }
    List<ColumnFamilyHandle> handles = new ArrayList<>();
    try (DBOptions options = new DBOptions();
        FlushOptions flush = new FlushOptions();
        RocksDB db = RocksDB.open(options, store, families, handles)) {
      // Pages are in the default family; the other holds what Kafka Streams notes.
      List<Page> damaged = damaged(db);
      for (Page page : damaged) {
        db.put(page.key(), page.bytes());
      }
      db.flush(flush, handles);
      handles.forEach(ColumnFamilyHandle::close);
      return damaged.size();
    }
  }

  private static List<Page> damaged(RocksDB db) {
    List<Page> pages = new ArrayList<>();
    try (RocksIterator all = db.newIterator()) {
      for (all.seekToFirst(); all.isValid(); all.next()) {
        byte[] page = all.value();
        page[page.length / 2] ^= 1; // keys and values of tokens are nearly all of a page
        pages.add(new Page(all.key(), page));
      }
    }
    return pages;
  }
}
