"""Functions that only compute, of all engines: a name is here if it does so wherever it exists."""

_NAMES = """
    abs acos acosd acosh add add_months adddate adddays addhours addminutes addmonths addquarters
    addseconds addweeks addyears aes_decrypt aes_encrypt age aggregate all_match any any_match
    any_value anyheavy anylast appendtrailingcharifabsent apply approx_count_distinct
    approx_distinct approx_most_frequent approx_percentile approx_quantile approx_set approx_top_k
    arbitrary arg_max arg_max_null arg_max_nulls_last arg_min arg_min_null arg_min_nulls_last argmax
    argmin array array_agg array_aggr array_aggregate array_append array_apply array_cat
    array_compact array_concat array_construct array_contains array_cosine_distance
    array_cosine_similarity array_cross_product array_dims array_distance array_distinct
    array_dot_product array_except array_extract array_fill array_filter array_first
    array_generate_range array_grade_up array_has array_has_all array_has_any array_histogram
    array_indexof array_inner_product array_insert array_intersect array_join array_last
    array_length array_lower array_max array_min array_ndims array_negative_dot_product
    array_negative_inner_product array_position array_positions array_prepend array_reduce
    array_remove array_repeat array_replace array_resize array_reverse_sort array_select array_size
    array_slice array_sort array_to_json array_to_string array_to_tsvector array_transform
    array_union array_union_agg array_unique array_unique_agg array_upper array_value array_where
    array_zip arrayagg arrayall arrayavg arraycompact arrayconcat arraycount arraycumsum
    arraydifference arraydistinct arrayelement arrayenumerate arrayenumerateuniq arrayexists
    arrayfill arrayfilter arrayfirst arrayfirstindex arrayflatten arrayintersect arrayjoin arraylast
    arraymap arraymax arraymin arraypopback arraypopfront arrayproduct arraypushback arraypushfront
    arrayreduce arrayresize arrayreverse arrays_overlap arrays_to_object arrays_zip arrayslice
    arraysort arraystringconcat arraysum arrayuniq arrayzip as_array as_boolean as_char as_date
    as_double as_integer as_object as_varchar ascii asin asind asinh assumenotnull at_timezone atan
    atan2 atan2d atand atanh avg avgweighted bar base64 base64_decode_binary base64_decode_string
    base64_encode base64decode base64encode bin bing_tile binom bit_and bit_count bit_get bit_length
    bit_or bit_position bit_xor bitand bitand_agg bitcount bitmap_bit_position bitmap_bucket_number
    bitmap_count bitmap_to_string bitmap_union bitmap_union_count bitnot bitor bitor_agg
    bitshiftleft bitshiftright bitstring bitstring_agg bitstring_byte_comparable bittest bitwise_and
    bitwise_and_agg bitwise_left_shift bitwise_not bitwise_or bitwise_or_agg bitwise_right_shift
    bitwise_xor bitxor bool_and bool_or boolagg booland booland_agg boolnot boolor boolor_agg
    boolxor boolxor_agg broadcast bround btrim can_cast_implicitly can_json_parse cardinality cast
    cbrt ceil ceiling century char_length character_length charindex check_json check_xml checksum
    chr cityhash64 classify clock_timestamp coalesce codepoint col_description collate collation
    collect_list collect_set color combinations compress concat concat_ws constant_or_null contains
    contains_sequence conv convert convert_from convert_timezone convert_to corr cos cosd cosh
    cosine_similarity cot cotd count count_if count_star countequal countif countsubstrings
    covar_pop covar_samp crc32 cube cume_dist curdate current_account current_database current_date
    current_localtime current_localtimestamp current_region current_role current_schema
    current_schemas current_time current_timestamp current_user current_version current_warehouse
    currentdatabase curtime damerau_levenshtein date date_add date_cmp date_diff date_format
    date_from_parts date_from_unix_date date_parse date_part date_sub date_trunc dateadd datediff
    datemultirange datename datepart daterange datesub datetime64 datetrunc day day_of_month
    day_of_week day_of_year dayname dayofmonth dayofweek dayofweekiso dayofyear days_add days_diff
    decade decimal_average decimal_division decode degrees dense_rank div div0 div0null divide
    domain domainwithoutwww dow doy e editdist3 editdistance element_at elt empty empty_approx_set
    emptyarrayuint8 encode ends_with endswith entropy enum_code enum_first enum_last enum_range
    enum_range_boundary epoch epoch_ms epoch_ns epoch_us equal_null equi_width_bins era erf erfc
    evaluate_classifier_predictions even every exists exp explode explode_outer extract extractall
    extracturlparameter factorial family farmhash64 favg fill filter find_in_set first first_value
    flatten floor fmod forall format format_bytes format_datetime format_number format_string
    format_type formatdatetime formatreadablequantity formatreadablesize formatreadabletimedelta
    from_base from_base32 from_base64 from_base64url from_big_endian_32 from_big_endian_64
    from_binary from_csv from_hex from_ieee754_32 from_ieee754_64 from_iso8601_date
    from_iso8601_timestamp from_json from_json_strict from_unixtime from_unixtime_nanos
    from_utc_timestamp from_utf8 fromunixtimestamp fromunixtimestamp64milli fsum gamma gcd
    gen_random_uuid generate_series generate_subscripts generaterandom generateuuidv4 generator
    geodistance
    geometric_mean get get_bit get_byte get_current_time get_current_timestamp get_ignore_case
    get_json_double get_json_int get_json_object get_json_string get_path get_type getbit getdate
    grade_up greatcircledistance greatest greatest_common_divisor greatest_ignore_nulls group_concat
    grouparray grouparrayinsertat groupbitand groupbitor groupbitxor grouping grouping_id
    groupuniqarray h3_cell_to_boundary halfmd5 hamming hamming_distance has hasall hasany hash
    hash_agg hash_counts hastoken haversine hex hex_decode_binary hex_decode_string hex_encode
    histogram histogram_exact hive_partition_component hll hll_accumulate hll_combine hll_estimate
    hll_hash hll_union_agg hmac_md5 hmac_sha1 hmac_sha256 hmac_sha512 host hostmask hour hours_diff
    human_readable_seconds hypot identity if iff ifnotfinite ifnull ilike_escape index indexof
    inet_merge inet_ntoa inet_same_family infinity initcap inline inline_outer instr int4multirange
    int4range int8multirange int8range intdiv intdivorzero intersection_cardinality inthash32
    inthash64 inverse_normal_cdf ipv4numtostring ipv4stringtonum is_array is_boolean is_date
    is_decimal is_double is_finite is_histogram_other_bin is_infinite is_integer is_json_scalar
    is_nan is_normalized is_null_value is_object is_valid_json is_valid_json_array is_varchar
    isempty isfinite isinf isinfinite isnan isnotnull isnull isodow isoyear jaccard jaccard_index
    jaro_similarity jaro_winkler_similarity jarowinkler_similarity javahash json_agg json_array
    json_array_contains json_array_element json_array_element_text json_array_elements
    json_array_elements_text json_array_get json_array_length json_build_array json_build_object
    json_contains json_deep_merge json_each json_each_text json_exists json_extract
    json_extract_array_element_text json_extract_path json_extract_path_text json_extract_scalar
    json_extract_string json_format json_insert json_keys json_merge_patch json_merge_patch_diff
    json_normalize json_object json_object_agg json_object_field json_object_field_text
    json_object_keys json_parse json_populate_record json_populate_recordset json_pretty json_query
    json_quote json_remove json_replace json_serialize json_set json_size json_strip_nulls
    json_structure json_to_record json_to_recordset json_to_tsvector json_transform
    json_transform_strict json_tuple json_type json_typeof json_valid json_value jsonb_agg
    jsonb_array_element jsonb_array_element_text jsonb_array_elements jsonb_array_elements_text
    jsonb_array_length jsonb_build_array jsonb_build_object jsonb_concat jsonb_contained
    jsonb_contains jsonb_delete jsonb_delete_path jsonb_each jsonb_each_text jsonb_exists
    jsonb_exists_all jsonb_exists_any jsonb_extract_path jsonb_extract_path_text jsonb_insert
    jsonb_object jsonb_object_agg jsonb_object_field jsonb_object_field_text jsonb_object_keys
    jsonb_path_exists jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz jsonb_path_query
    jsonb_path_query_array jsonb_path_query_array_tz jsonb_path_query_first
    jsonb_path_query_first_tz jsonb_path_query_tz jsonb_populate_record jsonb_populate_recordset
    jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_to_record jsonb_to_recordset
    jsonb_to_tsvector jsonb_typeof jsonextract jsonextractarrayraw jsonextractbool jsonextractfloat
    jsonextractint jsonextractkeysandvalues jsonextractraw jsonextractstring jsonextractuint jsonhas
    jsonlength jsontype julian justify_days justify_hours justify_interval kahan_sum kurtosis
    kurtosis_pop kurtpop kurtsamp lag laginframe last last_day last_day_of_month last_value lcase
    lcm lead leadinframe least least_common_multiple least_ignore_nulls left left_grapheme leftpad
    len length length_grapheme lengthutf8 levenshtein levenshtein_distance lgamma like_escape list
    list_aggr list_aggregate list_apply list_cat list_concat list_contains list_cosine_distance
    list_cosine_similarity list_distance list_distinct list_dot_product list_element list_extract
    list_filter list_grade_up list_has list_has_all list_has_any list_indexof list_inner_product
    list_intersect list_negative_dot_product list_negative_inner_product list_pack list_position
    list_reduce list_resize list_reverse_sort list_select list_slice list_sort list_transform
    list_unique list_value list_where list_zip listagg ln localtime localtimestamp locate log log10
    log1p log2 lower lower_inc lower_inf lowerutf8 lpad ltrim lttb luhn_check mad make_date
    make_dt_interval make_interval make_set_digest make_time make_timestamp make_timestamp_ms
    make_timestamp_ns make_timestamptz make_ym_interval map map_agg map_concat map_contains
    map_entries map_extract map_extract_value map_filter map_from_arrays map_from_entries map_keys
    map_union map_values map_zip_with mapadd mapcontains mapfromarrays mapkeys mapvalues masklen
    match materialize max max2 max_by maxmap md5 md5_binary md5_hex md5_number md5_number_lower64
    mean median merge_set_digest metrohash64 microsecond millennium millisecond min min2 min_by
    min_scale minhash minmap minus minute minutes_diff mismatches mod mode modulo
    monotonically_increasing_id month monthname months_between months_diff multi_distinct_count
    multifuzzymatchany multiif multimap_agg multimap_from_entries multimatchany multiply multirange
    multisearchany murmur3 murmur_hash3_32 murmurhash2_64 murmurhash3_64 named_struct nan nanosecond
    nanvl ndv negate negative neighbor netmask network next_day nextafter nfc_normalize
    ngramdistance ngrams none_match normal normal_cdf normalize normalized_interval not_ilike_escape
    not_like_escape notempty notequals now nth_value ntile nullif nullifzero num_nonnulls numbers
    numbers_mt numeric_histogram nummultirange numrange nvl nvl2 obj_description object_agg
    object_construct object_construct_keep_null object_delete object_insert object_keys object_pick
    object_transform octet_length ord ordinality overlay parse_data_size parse_datetime
    parse_dirname parse_dirpath parse_duration parse_filename parse_formatted_bytes parse_ident
    parse_ip parse_json parse_path parse_presto_data_size parse_url parse_xml path_join percent_rank
    percentile percentile_approx percentile_cont percentile_disc pg_column_size pg_get_constraintdef
    pg_get_expr pg_get_indexdef pg_get_viewdef pg_size_pretty pg_typeof phraseto_tsquery pi
    plainto_tsquery plus pmod posexplode posexplode_outer position positioncaseinsensitive
    positionutf8 positive pow power prefix previous_day printf product protocol qdigest_agg quantile
    quantile_at_value quantile_cont quantile_disc quantiledeterministic quantileexact quantiles
    quantiletdigest quantiletiming quarter quote_ident quote_literal quote_nullable radians rand
    rand32 rand64 randconstant random randstr range range_agg range_intersect_agg range_merge rank
    rank_dense ratio_to_report reduce reduce_agg regexp regexp_count regexp_escape regexp_extract
    regexp_extract_all regexp_full_match regexp_instr regexp_like regexp_match regexp_matches
    regexp_position regexp_replace regexp_split regexp_split_to_array regexp_split_to_table
    regexp_substr regexp_substr_all regexpquotemeta regr_avgx regr_avgy regr_count regr_intercept
    regr_r2 regr_slope regr_sxx regr_sxy regr_syy render repeat replace replaceall replaceone
    replaceregexpall replaceregexpone reservoir_quantile retention reverse reverseutf8 rgb right
    right_grapheme rightpad rint rlike rollup round round_even roundage roundbankers rounddown
    roundduration roundtoexp2 row row_number row_to_json rownumberinallblocks rpad rtrim
    rtrimmed_length runningdifference scale schema_of_json second seconds_diff sem sentences seq1
    seq2 seq4 seq8 sequence sequencecount sequencematch session_user set_bit setweight sha1 sha1_hex
    sha2 sha224 sha256 sha2_hex sha384 sha512 shiftleft shiftright shobj_description shuffle sign
    signbit simplejsonextractstring sin sind sinh siphash64 size skewness skewpop skewsamp slice
    sort_array soundex space spark_partition_id split split_part split_to_map split_to_multimap
    split_to_table splitbychar splitbyregexp splitbystring spooky_hash_v2_32 spooky_hash_v2_64 sqrt
    square st_area st_asbinary st_asgeojson st_astext st_aswkb st_aswkt st_buffer st_centroid
    st_contains st_crs st_distance st_envelope st_geographyfromwkt st_geometryfromtext
    st_geomfromgeojson st_geomfromwkb st_intersects st_intersects_extent st_length st_makepoint
    st_point st_polygon st_setcrs st_within st_x st_y stack starts_with startswith
    statement_timestamp stddev stddev_pop stddev_samp stddevpop stddevsamp
    stochasticlinearregression str_split str_split_regex str_to_date str_to_map strftime string_agg
    string_split string_split_regex string_to_array string_to_table strip strip_accents
    strip_null_value strlen strpos strptime strtok strtok_split_to_table strtok_to_array strtol
    struct struct_concat struct_contains struct_extract struct_extract_at struct_has struct_indexof
    struct_insert struct_keys struct_pack struct_position struct_update struct_values substr
    substring substring_grapheme substring_index substringindex substringutf8 subtract subtractdays
    subtracthours subtractminutes subtractmonths subtractweeks subtractyears suffix sum
    sum_no_overflow sumcount sumkahan summap sumwithoverflow switch sysdate tan tand tanh
    tdigest_agg time_bucket time_from_parts time_slice time_to_sec timeadd timediff timeofday
    timeslot timestamp_from_parts timestamp_ltz_from_parts timestamp_micros timestamp_millis
    timestamp_ntz_from_parts timestamp_objectid timestamp_seconds timestamp_tz_from_parts
    timestampadd timestampdiff timetz_byte_comparable timezone timezone_hour timezone_minute
    to_array to_ascii to_base to_base32 to_base64 to_base64url to_big_endian_32 to_big_endian_64
    to_binary to_bitmap to_boolean to_centuries to_char to_csv to_date to_days to_decades to_decimal
    to_double to_geography to_geometry to_hex to_hours to_ieee754_32 to_ieee754_64 to_iso8601
    to_json to_jsonb to_microseconds to_millennia to_milliseconds to_minutes to_months to_number
    to_numeric to_object to_quarters to_seconds to_spherical_geography to_time to_timestamp
    to_timestamp_ltz to_timestamp_ntz to_timestamp_tz to_tsquery to_tsvector to_unix_timestamp
    to_unixtime to_utc_timestamp to_utf8 to_varchar to_variant to_weeks to_xml to_years todate
    todate32 todatetime todatetime64 today todayofmonth todayofweek todayofyear todecimal128
    todecimal32 todecimal64 tofixedstring tofloat32 tofloat64 tohour toint128 toint16 toint256
    toint32 toint64 toint8 tointervalday toipv4 toipv6 toisoweek toisoyear tojsonstring tominute
    tomonday tomonth tonullable topk topkweighted topleveldomain toquarter torelativedaynum tosecond
    tostartofday tostartoffifteenminutes tostartoffiveminutes tostartofhour tostartofinterval
    tostartofminute tostartofmonth tostartofquarter tostartofweek tostartofyear tostring
    tostringcutttozero totime totypename touint128 touint16 touint256 touint32 touint64 touint8
    tounixtimestamp tounixtimestamp64milli touuid toweek toyear toyearweek toyyyymm toyyyymmdd
    toyyyymmddhhmmss transaction_timestamp transform transform_keys transform_values translate
    translateutf8 trim trim_array trim_scale trimboth trimleft trimright trunc truncate try try_add
    try_avg try_base64_decode_string try_cast try_divide try_multiply try_parse_json try_strptime
    try_subtract try_sum try_to_binary try_to_boolean try_to_date try_to_decimal try_to_double
    try_to_geography try_to_number try_to_numeric try_to_time try_to_timestamp try_to_timestamp_ntz
    ts_debug ts_delete ts_filter ts_headline ts_lexize ts_parse ts_rank ts_rank_cd tsmultirange
    tsquery_phrase tsrange tstzmultirange tstzrange tsvector_to_array tuple tupleelement typeof
    ucase unbase64 unbin unhex unicode uniform union_extract union_tag union_value uniq uniqcombined
    uniqcombined64 uniqexact uniqhll12 uniqthetasketch unistr unix_timestamp unnest unpivot_list
    upper upper_inc upper_inf upperutf8 url_decode url_encode url_extract_fragment url_extract_host
    url_extract_parameter url_extract_path url_extract_port url_extract_protocol url_extract_query
    utc_timestamp uuid uuid_extract_timestamp uuid_extract_version uuid_string uuidv4 uuidv7
    value_at_quantile var_pop var_samp variance variant_array_length variant_contains variant_exists
    variant_extract variant_extract_string variant_group_object variant_keys variant_type
    variant_typeof version vertex_extract websearch_to_tsquery week week_of_year weekday weekiso
    weekofyear weeks_diff width_bucket wilson_interval_lower wilson_interval_upper window
    window_funnel windowfunnel with_timezone word_stem xmlagg xmlcomment xmlexists xmlget xor xpath
    xpath_exists xxhash32 xxhash64 year year_of_week yearofweek yearofweekiso years_diff yearweek
    yesterday yow zeroifnull zeros zeros_mt zip zip_with zipf
    hostname currentuser
"""

HARMLESS = frozenset(_NAMES.split())
