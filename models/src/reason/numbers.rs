//! Decimals of a closed range as a regular expression: a grid of about a hundred to a thousand steps, written in every
//! length down to the shortest, so that a number is always short and always in range.

/// The numbers k·10⁻ⁿ in [min, max] as a Lark regular expression, the step being a hundredth to a thousandth of the range's order.
pub fn pattern(min: f64, max: f64) -> String {
    let values = grid(min, max);
    let escaped: Vec<String> = values.iter().map(|value| value.replace('.', "\\.")).collect();
    format!("/({})/", escaped.join("|"))
}

/// The numbers of the grid, each as short as it can be written.
pub fn grid(min: f64, max: f64) -> Vec<String> {
    let order = (max - min).max(f64::MIN_POSITIVE).log10().floor();
    let digits = (2.0 - order).clamp(0.0, 9.0);
    let scale = 10f64.powf(digits);
    let (first, last) = ((min * scale).ceil(), (max * scale).floor());
    let mut values = Vec::new();
    let mut k = first;
    while k <= last && values.len() < 2000 {
        let value = format!("{:.*}", digits as usize, k / scale);
        let short = if value.contains('.') { value.trim_end_matches('0').trim_end_matches('.') } else { &value };
        if short.parse::<f64>().is_ok_and(|value| (min..=max).contains(&value)) && short != "-0" {
            values.push(short.to_owned());
        }
        k += 1.0;
    }
    if values.is_empty() {
        values.push(format!("{min}"));
    }
    values
}
