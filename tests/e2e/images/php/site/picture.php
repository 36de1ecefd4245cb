<?php
$picture = imagecreatetruecolor(40, 20);
imagestring($picture, 5, 2, 2, 'shop', imagecolorallocate($picture, 255, 255, 255));
ob_start();
match ($_GET['as']) {
    'png' => imagepng($picture),
    'jpeg' => imagejpeg($picture),
    'webp' => imagewebp($picture),
};
$bytes = ob_get_clean();
[$width, $height, $type] = getimagesizefromstring($bytes);
echo image_type_to_mime_type($type), " {$width}x{$height}\n";
