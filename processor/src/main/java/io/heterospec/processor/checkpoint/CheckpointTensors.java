package io.heterospec.processor.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * The tensors of a model directory, whole or in shards, in safetensors files or in files of {@code
 * torch.save}. Headers are checked when opened; data is read or memory-mapped when it is asked for.
 * Safe for use by many threads.
 */
public final class CheckpointTensors implements AutoCloseable {
  private final Path directory;
  private final List<TensorFile> files;
  private final Map<String, Location> tensors;

  private record Location(TensorFile file, TensorEntry entry) {}

  private CheckpointTensors(Path directory, List<TensorFile> files, Map<String, Location> tensors) {
    this.directory = directory;
    this.files = files;
    this.tensors = tensors;
  }

  /**
   * Opens all files of a directory.
   *
   * @throws CheckpointException naming the file and tensor that is missing or broken
   */
  public static CheckpointTensors open(Path directory) {
    return open(directory, UnaryOperator.identity());
  }

  /**
   * Opens all files of a directory whose tensors have other names elsewhere.
   *
   * @param names gives a tensor the name by which it is asked for
   */
  static CheckpointTensors open(Path directory, UnaryOperator<String> names) {
    WeightFiles weights = WeightFiles.of(directory);
    List<TensorFile> files = new ArrayList<>();
    try {
      Map<String, Location> tensors = new LinkedHashMap<>();
      for (Path path : weights.paths()) {
        TensorFile file = TensorFile.open(path);
        files.add(file);
        for (TensorEntry entry : file.entries()) {
          String name = names.apply(entry.name());
          Location other = tensors.put(name, new Location(file, entry));
          if (other != null) {
            throw new CheckpointException(
                "%s and %s both hold tensor %s; remove the files of the other checkpoint"
                    .formatted(other.file().file(), path, name));
          }
        }
      }
      requireIndexed(directory, weights, tensors, names);
      return new CheckpointTensors(
          directory, List.copyOf(files), Collections.unmodifiableMap(tensors));
    } catch (CheckpointException e) {
      closeAll(files, e);
      throw e;
    }
  }

  /** Names of all tensors. */
  public Set<String> names() {
    return tensors.keySet();
  }

  public boolean contains(String name) {
    return tensors.containsKey(name);
  }

  /** Element type of a tensor. */
  public TensorType type(String name) {
    return entry(name).type();
  }

  /** Dimensions of a tensor, empty for a scalar. */
  public long[] shape(String name) {
    return entry(name).shape().clone();
  }

  /** The file that holds a tensor. */
  public Path fileOf(String name) {
    return locate(name).file().file();
  }

  /**
   * Maps one tensor.
   *
   * @throws CheckpointException when there is no such tensor, it has more than 2 GiB, or this is
   *     closed
   */
  public TensorData read(String name) {
    Location location = open(name);
    return location.file().map(location.entry());
  }

  /**
   * Copies a part of a tensor.
   *
   * @param offset of its first byte within the tensor
   * @param into filled from its position to its limit
   * @throws CheckpointException when there is no such tensor, it cannot be read, or this is closed
   */
  public void read(String name, long offset, ByteBuffer into) {
    Location location = open(name);
    location.file().read(location.entry(), offset, into);
  }

  private Location open(String name) {
    Location location = locate(name);
    if (!location.file().channel().isOpen()) {
      throw new CheckpointException(directory + " is closed; open the checkpoint again");
    }
    return location;
  }

  /** Number of weights: elements of all floating-point tensors. */
  public long parameterCount() {
    return tensors.values().stream()
        .map(Location::entry)
        .filter(entry -> entry.type().isFloating())
        .mapToLong(TensorEntry::elements)
        .sum();
  }

  /** Bytes of all tensors. */
  public long byteCount() {
    return tensors.values().stream().mapToLong(location -> location.entry().bytes()).sum();
  }

  /** The files in use. */
  public List<Path> files() {
    return files.stream().map(TensorFile::file).toList();
  }

  @Override
  public void close() {
    for (TensorFile file : files) {
      try {
        file.close();
      } catch (IOException e) {
        throw new UncheckedIOException(file.file() + " cannot be closed", e);
      }
    }
  }

  TensorEntry entry(String name) {
    return locate(name).entry();
  }

  private Location locate(String name) {
    Location location = tensors.get(name);
    if (location == null) {
      throw new CheckpointException(
          "%s: tensor %s is missing; the checkpoint is incomplete or of another architecture"
              .formatted(files.size() == 1 ? files.get(0).file() : directory, name));
    }
    return location;
  }

  private static void requireIndexed(
      Path directory,
      WeightFiles weights,
      Map<String, Location> tensors,
      UnaryOperator<String> names) {
    weights
        .index()
        .forEach(
            (name, shard) -> {
              Location location = tensors.get(names.apply(name));
              Path expected = directory.resolve(shard);
              if (location == null || !location.file().file().equals(expected)) {
                throw new CheckpointException(
                    "%s: tensor %s is missing although %s places it there; download both again"
                        .formatted(expected, name, weights.indexFile()));
              }
            });
  }

  private static void closeAll(List<TensorFile> files, Exception failure) {
    for (TensorFile file : files) {
      try {
        file.close();
      } catch (IOException e) {
        failure.addSuppressed(e);
      }
    }
  }
}
