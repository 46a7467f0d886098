package io.heterospec.processor.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The files that hold a directory's weights: {@code model.safetensors}, or the shards that {@code
 * model.safetensors.index.json} names, or the only {@code *.safetensors} file; where there is no
 * such file, {@code pytorch_model.bin} or the shards of {@code pytorch_model.bin.index.json}.
 *
 * @param paths the files
 * @param indexFile name of the index, or null without one
 * @param index of each tensor the name of its file; empty without an index
 */
record WeightFiles(List<Path> paths, String indexFile, Map<String, String> index) {
  private static final String SAFETENSORS = "model.safetensors";
  private static final String PICKLED = "pytorch_model.bin";
  private static final String INDEX = ".index.json";

  /**
   * Finds them.
   *
   * @throws CheckpointException when there are none, or one that the index names is missing
   */
  static WeightFiles of(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw new CheckpointException(
          directory + " is not a directory; give the path of a Hugging Face model directory");
    }
    for (String name : new String[] {SAFETENSORS, PICKLED}) {
      if (Files.isRegularFile(directory.resolve(name))) {
        return new WeightFiles(List.of(directory.resolve(name)), null, Map.of());
      }
      if (Files.isRegularFile(directory.resolve(name + INDEX))) {
        Map<String, String> index = index(directory.resolve(name + INDEX));
        return new WeightFiles(shards(directory, name + INDEX, index), name + INDEX, index);
      }
      List<Path> others = name.equals(SAFETENSORS) ? safetensors(directory) : List.of();
      if (others.size() > 1) {
        throw new CheckpointException(
            directory + " has several safetensors files but no " + name + INDEX + "; download it");
      }
      if (others.size() == 1) {
        return new WeightFiles(others, null, Map.of());
      }
    }
    throw new CheckpointException(
        directory + " has no " + SAFETENSORS + " and no " + PICKLED + "; download one of them");
  }

  private static Map<String, String> index(Path file) {
    ConfigJson weightMap = ConfigJson.read(file).object("weight_map").orElse(null);
    if (weightMap == null || weightMap.node().isEmpty()) {
      throw new CheckpointException(file + " has no weight_map; download it again");
    }
    Map<String, String> index = new LinkedHashMap<>();
    weightMap.node().properties().forEach(e -> index.put(e.getKey(), e.getValue().asText("")));
    return index;
  }

  private static List<Path> shards(Path directory, String indexFile, Map<String, String> index) {
    List<Path> paths = new ArrayList<>();
    for (String name : new TreeSet<>(index.values())) {
      // An index comes with the download: it must not lead out of its directory.
      if (name.isEmpty() || !name.matches("[\\w.-]+") || name.startsWith(".")) {
        throw new CheckpointException(
            "%s names a strange file '%s'; download it again"
                .formatted(directory.resolve(indexFile), name));
      }
      Path path = directory.resolve(name);
      if (!Files.isRegularFile(path)) {
        throw new CheckpointException(
            "%s is missing although %s names it; download it".formatted(path, indexFile));
      }
      paths.add(path);
    }
    return paths;
  }

  private static List<Path> safetensors(Path directory) {
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
}
