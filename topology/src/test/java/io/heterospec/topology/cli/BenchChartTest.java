package io.heterospec.topology.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;

class BenchChartTest {
  private static final int DOTS = 2;

  @TempDir Path directory;

  private static BenchTable table(String... modes) {
    List<BenchBlock> blocks = new ArrayList<>();
    for (int concurrency : new int[] {1, 4, 16}) {
      for (int i = 0; i < modes.length; i++) {
        double seconds = (1 + 0.4 * i) / Math.sqrt(concurrency);
        blocks.add(
            new BenchBlock(
                modes[i],
                concurrency,
                0,
                seconds,
                List.of(
                    Generations.of(0, "maths", seconds * 0.7, 2, 1, 2),
                    Generations.of(1, "writing", seconds * 0.3, 2, 3, 4))));
      }
    }
    return new BenchTable(List.of(modes), blocks);
  }

  @Test
  void aPngHoldsBothPanelsInTheModesColours() throws IOException {
    Path file = directory.resolve("bench.png");
    BenchChart chart = new BenchChart(table("vanilla", "eagle3", "heterospec"), "demo on cpu");
    ChartFile.of(file).write(chart);
    BufferedImage image = ImageIO.read(file.toFile());
    assertThat(image.getWidth()).isEqualTo(DOTS * chart.width());
    assertThat(image.getHeight()).isEqualTo(DOTS * chart.height());
    Set<Integer> left = colours(image, 0, image.getWidth() / 2);
    Set<Integer> right = colours(image, image.getWidth() / 2, image.getWidth());
    assertThat(left).contains(0xFF555555, 0xFF0072B2, 0xFFD55E00);
    assertThat(right).contains(0xFF0072B2, 0xFFD55E00);
  }

  private static Set<Integer> colours(BufferedImage image, int from, int to) {
    Set<Integer> colours = new HashSet<>();
    for (int x = from; x < to; x++) {
      for (int y = 0; y < image.getHeight(); y++) {
        colours.add(image.getRGB(x, y));
      }
    }
    return colours;
  }

  @Test
  void anSvgIsDrawnInTheModesColours() throws Exception {
    Path file = directory.resolve("bench.SVG");
    ChartFile.of(file).write(new BenchChart(table("vanilla", "eagle3"), "demo on cpu"));
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
    Element svg = factory.newDocumentBuilder().parse(file.toFile()).getDocumentElement();
    assertThat(svg.getTagName()).isEqualTo("svg");
    assertThat(svg.getElementsByTagName("path").getLength()).isGreaterThan(20);
    assertThat(Files.readString(file)).contains("demo on cpu", "rgb(0,114,178)");
  }

  @Test
  void withoutVanillaTheCategoriesAreShownAsTheyAre() throws IOException {
    Path file = directory.resolve("bench.png");
    ChartFile.of(file).write(new BenchChart(table("eagle3"), "demo on cpu"));
    BufferedImage image = ImageIO.read(file.toFile());
    assertThat(colours(image, 0, image.getWidth())).contains(0xFF0072B2);
  }

  @Test
  void aFileThatCannotBeWrittenIsRefusedBeforeAnythingRuns() {
    assertThatThrownBy(() -> ChartFile.of(Path.of("bench.jpg")))
        .isInstanceOf(UsageException.class)
        .hasMessage("--chart must end with .png or .svg, got bench.jpg");
    assertThatThrownBy(() -> ChartFile.of(directory.resolve("nowhere/bench.png")))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("cannot be written");
  }

  @Test
  void aMachineWithoutFontsIsToldWhatToInstall() {
    Runnable probe =
        () -> {
          throw new InternalError("Fontconfig head is null");
        };
    assertThatThrownBy(() -> ChartFonts.require(probe))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("install fontconfig and a font");
  }
}
