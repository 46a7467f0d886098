package io.heterospec.topology.cli;

import io.heterospec.processor.tree.VanillaPolicy;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.AffineTransform;
import java.util.ArrayList;
import java.util.List;
import org.knowm.xchart.AnnotationLine;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.CategorySeries.CategorySeriesRenderStyle;
import org.knowm.xchart.style.CategoryStyler;
import org.knowm.xchart.style.Styler;

/**
 * A benchmark as two charts side by side: tokens per second by concurrency, and the speed-up over
 * plain decoding by category (tokens per second where plain decoding did not run).
 */
final class BenchChart implements ChartFile.Drawing {
  private static final int HEADER = 48;
  private static final int PANEL_HEIGHT = 560;
  private static final int LEFT = 760;
  private static final int RIGHT = 940;

  /** The axis goes at least this far, so that vanilla's line at 1 is inside. */
  private static final double LEAST_TOP = 1.1;

  /** Of plain decoding, the yardstick. */
  private static final Color GREY = new Color(0x555555);

  /** Okabe and Ito's colours, which stay apart for colour-blind eyes; dark ones first. */
  private static final List<Color> COLOURS =
      List.of(
          new Color(0x0072B2),
          new Color(0xD55E00),
          new Color(0x009E73),
          new Color(0xCC79A7),
          new Color(0xE69F00),
          new Color(0x56B4E9));

  private final BenchTable table;
  private final String title;

  BenchChart(BenchTable table, String title) {
    this.table = table;
    this.title = title;
  }

  @Override
  public int width() {
    return LEFT + RIGHT;
  }

  @Override
  public int height() {
    return HEADER + PANEL_HEIGHT;
  }

  @Override
  public void draw(Graphics2D graphics) {
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, width(), height());
    graphics.setColor(Color.BLACK);
    graphics.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 18));
    int text = graphics.getFontMetrics().stringWidth(title);
    graphics.drawString(title, (width() - text) / 2, 32);
    AffineTransform whole = graphics.getTransform();
    graphics.translate(0, HEADER);
    byConcurrency().paint(graphics, LEFT, PANEL_HEIGHT);
    graphics.setTransform(whole);
    graphics.setClip(null);
    graphics.translate(LEFT, HEADER);
    byCategory().paint(graphics, RIGHT, PANEL_HEIGHT);
    graphics.setTransform(whole);
  }

  private CategoryChart byConcurrency() {
    CategoryChart chart =
        panel(
            "Tokens per second by concurrency", "generations in flight", "tokens per second", LEFT);
    CategoryStyler styler = chart.getStyler();
    styler.setDefaultSeriesRenderStyle(CategorySeriesRenderStyle.Line);
    styler.setOverlapped(true); // else the modes' points stand beside their concurrency
    styler.setMarkerSize(9);
    List<Color> colours = new ArrayList<>();
    for (String mode : table.modes()) {
      List<Double> rates = new ArrayList<>();
      for (int concurrency : table.concurrencies()) {
        rates.add(table.row(mode, concurrency, Bench.ALL).orElseThrow().tokensPerSecond());
      }
      chart.addSeries(mode, table.concurrencies(), rates);
      colours.add(colour(mode));
    }
    styler.setSeriesColors(colours.toArray(Color[]::new));
    return chart;
  }

  private CategoryChart byCategory() {
    boolean ratios = table.modes().contains(VanillaPolicy.NAME) && table.modes().size() > 1;
    String what = ratios ? "Speed-up over vanilla" : "Tokens per second";
    CategoryChart chart =
        panel(
            what + " by category, concurrency " + table.lowestConcurrency(),
            "category",
            ratios ? "× vanilla's tokens per second" : "tokens per second",
            RIGHT);
    CategoryStyler styler = chart.getStyler();
    styler.setAvailableSpaceFill(0.75);
    styler.setXAxisLabelRotation(table.categories().size() > 6 ? 30 : 0);
    List<Color> colours = new ArrayList<>();
    for (String mode : table.modes()) {
      if (!ratios || !mode.equals(VanillaPolicy.NAME)) {
        chart.addSeries(mode, table.categories(), values(mode, ratios));
        colours.add(colour(mode));
      }
    }
    styler.setSeriesColors(colours.toArray(Color[]::new));
    if (ratios) {
      styler.setYAxisMax(Math.max(LEAST_TOP, 1.05 * most(chart)));
      styler.setAnnotationLineColor(GREY);
      styler.setAnnotationLineStroke(
          new BasicStroke(
              1.5f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, new float[] {6, 4}, 0));
      chart.addAnnotation(new AnnotationLine(1, false, false));
    }
    return chart;
  }

  private static double most(CategoryChart chart) {
    return chart.getSeriesMap().values().stream()
        .flatMap(series -> series.getYData().stream())
        .mapToDouble(Number::doubleValue)
        .max()
        .orElse(0);
  }

  private List<Double> values(String mode, boolean ratios) {
    int concurrency = table.lowestConcurrency();
    return table.categories().stream()
        .map(
            category ->
                ratios
                    ? table.speedUp(mode, VanillaPolicy.NAME, concurrency, category).orElse(0)
                    : table.row(mode, concurrency, category).orElseThrow().tokensPerSecond())
        .toList();
  }

  private Color colour(String mode) {
    List<String> drafting =
        table.modes().stream().filter(name -> !name.equals(VanillaPolicy.NAME)).toList();
    return mode.equals(VanillaPolicy.NAME)
        ? GREY
        : COLOURS.get(drafting.indexOf(mode) % COLOURS.size());
  }

  private static CategoryChart panel(String title, String xAxis, String yAxis, int width) {
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(width)
            .height(PANEL_HEIGHT)
            .title(title)
            .xAxisTitle(xAxis)
            .yAxisTitle(yAxis)
            .build();
    CategoryStyler styler = chart.getStyler();
    styler.setBaseFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
    styler.setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 15));
    styler.setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 14));
    styler.setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
    styler.setLegendFont(new Font(Font.SANS_SERIF, Font.PLAIN, 14));
    styler.setChartTitleBoxVisible(false);
    styler.setChartBackgroundColor(Color.WHITE);
    styler.setPlotGridLinesColor(new Color(0xDDDDDD));
    styler.setPlotBorderVisible(false);
    styler.setPlotGridVerticalLinesVisible(false);
    styler.setLegendBorderColor(Color.WHITE);
    styler.setLegendPadding(14);
    styler.setLegendPosition(Styler.LegendPosition.OutsideS);
    styler.setLegendLayout(Styler.LegendLayout.Horizontal);
    styler.setYAxisMin(0.0);
    return chart;
  }
}
