package io.heterospec.topology.cli;

import java.awt.Dimension;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.apache.batik.svggen.SVGGraphics2D;
import org.w3c.dom.Document;

/** A picture file that a chart is written to; its ending, .png or .svg, is its format. */
record ChartFile(Path path, boolean svg) {
  /** Pixels of a PNG for each unit of the drawing, so that it is sharp on any screen. */
  private static final int PIXELS = 2;

  private static final String SVG_NAMESPACE = "http://www.w3.org/2000/svg";

  /** Something that can be drawn at a size. */
  interface Drawing {
    int width();

    int height();

    void draw(Graphics2D graphics);
  }

  /**
   * The file, when it can be written.
   *
   * @throws UsageException when its ending is no known format or its directory is missing
   * @throws IllegalStateException when this machine cannot draw text
   */
  static ChartFile of(Path path) {
    String name = path.toString().toLowerCase(Locale.ROOT);
    if (!name.endsWith(".png") && !name.endsWith(".svg")) {
      throw new UsageException("--chart must end with .png or .svg, got " + path);
    }
    Path directory = path.toAbsolutePath().getParent();
    if (!Files.isDirectory(directory) || !Files.isWritable(directory) || Files.isDirectory(path)) {
      throw new UsageException(
          "--chart " + path + " cannot be written; give a file in a directory that you may write");
    }
    ChartFonts.require();
    return new ChartFile(path, name.endsWith(".svg"));
  }

  void write(Drawing drawing) throws IOException {
    if (svg) {
      writeSvg(drawing);
    } else {
      writePng(drawing);
    }
  }

  private void writePng(Drawing drawing) throws IOException {
    BufferedImage image =
        new BufferedImage(
            PIXELS * drawing.width(), PIXELS * drawing.height(), BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.scale(PIXELS, PIXELS);
    drawing.draw(graphics);
    graphics.dispose();
    ImageIO.write(image, "png", path.toFile());
  }

  private void writeSvg(Drawing drawing) throws IOException {
    SVGGraphics2D graphics = new SVGGraphics2D(document());
    graphics.setSVGCanvasSize(new Dimension(drawing.width(), drawing.height()));
    drawing.draw(graphics);
    try (Writer out = Files.newBufferedWriter(path)) {
      graphics.stream(out, true);
    }
  }

  private static Document document() {
    try {
      return DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .getDOMImplementation()
          .createDocument(SVG_NAMESPACE, "svg", null);
    } catch (ParserConfigurationException e) {
      throw new IllegalStateException("every Java runtime makes XML documents", e);
    }
  }
}
