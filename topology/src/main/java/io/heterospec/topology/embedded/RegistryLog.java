package io.heterospec.topology.embedded;

import java.util.concurrent.ExecutionException;

/** Where the registry's entries are kept, in the order they were made. */
interface RegistryLog extends AutoCloseable {

  /**
   * Appends an entry; when this returns, the entry survives a restart.
   *
   * @throws ExecutionException when it was not stored, or when that is not known
   */
  void append(RegistryEntry entry) throws ExecutionException, InterruptedException;

  /** The sum of all entries stored so far. */
  RegistryState load();

  @Override
  void close();
}
