package io.heterospec.processor.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The tensors of a model directory: {@code model.safetensors}, or the shards that {@code
 * model.safetensors.index.json} names, or the directory's only {@code *.safetensors} file. Headers
 * are checked when opened; data is memory-mapped when a tensor is read. Safe for use by many
 * threads.
 */
public final class Safetensors implements AutoCloseable {
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  private final Path directory;
  private final List<SafetensorsFile> files;
  private final Map<String, Location> tensors;

  private record Location(SafetensorsFile file, TensorEntry entry) {}

  private Safetensors(Path directory, List<SafetensorsFile> files, Map<String, Location> tensors) {
    this.directory = directory;
    this.files = files;
    this.tensors = tensors;
  }

  /**
   * Opens all files of a directory.
   *
   * @throws CheckpointException naming the file and tensor that is missing or broken
   */
  public static Safetensors open(Path directory) {
    Map<String, String> index = index(directory);
    List<Path> paths = index.isEmpty() ? List.of(single(directory)) : shards(directory, index);
    List<SafetensorsFile> files = new ArrayList<>();
    try {
      Map<String, Location> tensors = new LinkedHashMap<>();
      for (Path path : paths) {
        SafetensorsFile file = SafetensorsFile.open(path);
        files.add(file);
        for (TensorEntry entry : file.header().entries()) {
          Location other = tensors.put(entry.name(), new Location(file, entry));
          if (other != null) {
            throw new CheckpointException(
                "%s and %s both hold tensor %s; remove the files of the other checkpoint"
                    .formatted(other.file().file(), path, entry.name()));
          }
        }
      }
      requireIndexed(directory, index, tensors);
      return new Safetensors(directory, List.copyOf(files), Collections.unmodifiableMap(tensors));
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

  /**
   * Maps one tensor.
   *
   * @throws CheckpointException when there is no such tensor, it has more than 2 GiB, or this is
   *     closed
   */
  public TensorData read(String name) {
    Location location = locate(name);
    if (!location.file().channel().isOpen()) {
      throw new CheckpointException(directory + " is closed; open the checkpoint again");
    }
    return location.file().map(location.entry());
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
    return files.stream().map(SafetensorsFile::file).toList();
  }

  @Override
  public void close() {
    for (SafetensorsFile file : files) {
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

  Path fileOf(String name) {
    return locate(name).file().file();
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

  private static Map<String, String> index(Path directory) {
    Path file = directory.resolve(INDEX);
    if (Files.isRegularFile(directory.resolve(SINGLE)) || !Files.isRegularFile(file)) {
      return Map.of();
    }
    ConfigJson json = ConfigJson.read(file);
    ConfigJson weightMap = json.object("weight_map").orElse(null);
    if (weightMap == null || weightMap.node().isEmpty()) {
      throw new CheckpointException(file + " has no weight_map; download it again");
    }
    Map<String, String> index = new LinkedHashMap<>();
    weightMap.node().properties().forEach(e -> index.put(e.getKey(), e.getValue().asText("")));
    return index;
  }

  private static List<Path> shards(Path directory, Map<String, String> index) {
    List<Path> paths = new ArrayList<>();
    for (String name : new TreeSet<>(index.values())) {
      // An index comes with the download: it must not lead out of its directory.
      if (name.isEmpty() || !name.matches("[\\w.-]+") || name.startsWith(".")) {
        throw new CheckpointException(
            directory.resolve(INDEX) + " names a strange file '" + name + "'; download it again");
      }
      Path path = directory.resolve(name);
      if (!Files.isRegularFile(path)) {
        throw new CheckpointException(
            "%s is missing although %s names it; download it".formatted(path, INDEX));
      }
      paths.add(path);
    }
    return paths;
  }

  private static void requireIndexed(
      Path directory, Map<String, String> index, Map<String, Location> tensors) {
    index.forEach(
        (name, shard) -> {
          Location location = tensors.get(name);
          Path expected = directory.resolve(shard);
          if (location == null || !location.file().file().equals(expected)) {
            throw new CheckpointException(
                "%s: tensor %s is missing although %s places it there; download both again"
                    .formatted(expected, name, INDEX));
          }
        });
  }

  private static Path single(Path directory) {
    Path file = directory.resolve(SINGLE);
    if (Files.isRegularFile(file)) {
      return file;
    }
    if (!Files.isDirectory(directory)) {
      throw new CheckpointException(
          directory + " is not a directory; give the path of a Hugging Face model directory");
    }
    List<Path> candidates = safetensorsFiles(directory);
    if (candidates.size() == 1) {
      return candidates.get(0);
    }
    throw new CheckpointException(
        candidates.isEmpty()
            ? directory
                + " has no "
                + SINGLE
                + "; download it, or convert the weights to safetensors"
            : directory + " has several safetensors files but no " + INDEX + "; download it");
  }

  /** All safetensors files of a directory, sorted by name. */
  static List<Path> safetensorsFiles(Path directory) {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .filter(path -> path.getFileName().toString().endsWith(".safetensors"))
          .filter(Files::isRegularFile)
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new CheckpointException(directory + " cannot be listed: " + e.getMessage(), e);
    }
  }

  private static void closeAll(List<SafetensorsFile> files, Exception failure) {
    for (SafetensorsFile file : files) {
      try {
        file.close();
      } catch (IOException e) {
        failure.addSuppressed(e);
      }
    }
  }
}
